"""Velox says in `/Version` whose file it is."""

import json
from typing import Any

import h5py

from ingest.readers.hdf5.access import HDF5_ERRORS
from ingest.readers.hdf5.attributes import find_object, plain
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_WRITERS = {"Velox", "DevelopersKit"}


def recognize_velox(file: UploadedFile) -> Recognized | None:
    """Say whether the file is one of Velox or of its developers' kit."""
    return file.ask_hdf5(_ask)


def _ask(tree: h5py.File) -> Recognized | None:
    form = read_version(tree).get("format")
    return Recognized(f"/Version says {form}") if form in _WRITERS else None


def read_version(tree: h5py.File) -> dict[str, Any]:
    """Return what `/Version` says; empty where it says nothing."""
    version = find_object(tree, "Version")
    if not isinstance(version, h5py.Dataset) or version.dtype.kind not in "OS" or version.size != 1:
        return {}
    try:
        written = json.loads(str(plain(version[()])))
    except (ValueError, *HDF5_ERRORS):
        return {}
    return written if isinstance(written, dict) else {}
