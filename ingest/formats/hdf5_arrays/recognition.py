"""HDF5 that nobody else claims: the weakest claim of all, so that every known layout stays what it is."""

import math

import h5py

from ingest.readers.bare_arrays import SHORT
from ingest.readers.hdf5.attributes import find_object
from ingest.readers.hdf5.source import NUMERIC_KINDS
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_DEEPEST = 16
_MOST_LOOKED_AT = 2000


def recognize_hdf5(file: UploadedFile) -> Recognized | None:
    """Say whether the file is HDF5 with an array of numbers; known layouts are called by their names before."""
    return file.ask_hdf5(_find_array)


def _find_array(tree: h5py.File) -> Recognized | None:
    stack: list[tuple[h5py.Group, int]] = [(tree, 0)]
    seen = 0
    while stack:
        group, depth = stack.pop()
        for key in group:
            seen += 1
            if seen > _MOST_LOOKED_AT:
                return None
            item = find_object(group, key)
            if isinstance(item, h5py.Dataset) and _is_array(item):
                return Recognized(f"HDF5 with the array {item.name}", told_by="name")
            if isinstance(item, h5py.Group) and depth < _DEEPEST:
                stack.append((item, depth + 1))
    return None


def _is_array(dataset: h5py.Dataset) -> bool:
    return bool(dataset.shape and dataset.dtype.kind in NUMERIC_KINDS and math.prod(dataset.shape) > SHORT)
