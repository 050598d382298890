"""Whose EMD a file is: py4DSTEM signs its files, and what only has groups of EMD arrays is taken for NCEM's."""

import h5py

from ingest.readers.hdf5.attributes import find_object, find_text
from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

_SEARCH_DEPTH = 4
_SEARCH_OBJECTS = 2000


def recognize_py4dstem(file: UploadedFile) -> Recognized | None:
    """Say whether the file is one of py4DSTEM or emdfile, and whether an array is in it."""
    return file.ask_hdf5(_ask_py4dstem)


def recognize_ncem(file: UploadedFile) -> Recognized | None:
    """Say whether the file is EMD of NCEM or of a program that follows it."""
    return file.ask_hdf5(_ask_ncem)


def _ask_py4dstem(tree: h5py.File) -> Recognized | None:
    reason = _find_py4dstem_mark(tree)
    if reason is None:
        return None
    if _has_emd_group(tree, 0, [0]):
        return Recognized(reason)
    return Recognized(reason, label="py4DSTEM EMD of derived lists, no array", is_read=False)


def _find_py4dstem_mark(tree: h5py.File) -> str | None:
    if find_text(tree, "authoring_program") == "emdfile" or find_text(tree, "emd_group_type") == "file":
        return "root attribute of emdfile"
    for key in tree:
        group = find_object(tree, key)
        if not isinstance(group, h5py.Group):
            continue
        if key.startswith("4DSTEM_experiment") or find_text(group, "emd_group_type") == "root":
            return f"group /{key} of py4DSTEM"
    return None


def _ask_ncem(tree: h5py.File) -> Recognized | None:
    if _find_py4dstem_mark(tree) is not None:
        return None
    if _has_emd_group(tree, 0, [0]):
        return Recognized("group with emd_group_type 1")
    is_versioned = "version_major" in tree.attrs and "version_minor" in tree.attrs
    if is_versioned and isinstance(find_object(tree, "data"), h5py.Group):
        return Recognized("root version and /data")
    return None


def _has_emd_group(group: h5py.Group, depth: int, visited: list[int]) -> bool:
    if find_text(group, "emd_group_type") in {"1", "array"}:
        return True
    if depth >= _SEARCH_DEPTH:
        return False
    for key in group:
        visited[0] += 1
        if visited[0] > _SEARCH_OBJECTS:
            return False
        item = find_object(group, key)
        if isinstance(item, h5py.Group) and _has_emd_group(item, depth + 1, visited):
            return True
    return False
