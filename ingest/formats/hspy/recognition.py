"""HyperSpy writes its name at the root; older files are told by their experiments."""

import h5py

from ingest.readers.hdf5.attributes import find_object, find_text
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile


def recognize_hspy(file: UploadedFile) -> Recognized | None:
    """Say whether the file is one of HyperSpy."""
    return file.ask_hdf5(_find_mark)


def _find_mark(tree: h5py.File) -> Recognized | None:
    if find_text(tree, "file_format") == "HyperSpy":
        return Recognized("root attribute file_format HyperSpy")
    experiments = find_object(tree, "Experiments")
    if isinstance(experiments, h5py.Group):
        for key in experiments:
            group = find_object(experiments, key)
            if isinstance(group, h5py.Group) and "data" in group and "axis-0" in group:
                return Recognized("/Experiments with axis-0")
    return None
