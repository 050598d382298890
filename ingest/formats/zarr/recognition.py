"""A Zarr store in one ZIP is told by the descriptions of its nodes; that of HyperSpy is a format of its own."""

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile
from ingest.readers.zarr.store import find_experiment, find_root


def recognize_zarr(file: UploadedFile) -> Recognized | None:
    """Say whether the file is a ZIP of a store."""
    names = file.zip_names
    root = None if names is None else find_root(names)
    if names is None or root is None or find_experiment(names):
        return None
    version = 3 if any(name.rpartition("/")[2] == "zarr.json" for name in names) else 2
    return Recognized(f"ZIP of a Zarr store of version {version}", label=f"Zarr {version}")
