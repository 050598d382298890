"""zspy is a Zarr store with HyperSpy's experiments: /Experiments/TITLE with data and axes."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile
from ingest.readers.zarr.store import find_experiment


def recognize_zspy(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a ZIP of a store of HyperSpy."""
    if file.zip_names is None or not find_experiment(file.zip_names):
        return None
    return Recognized("ZIP of a Zarr store with Experiments and axis-N")
