"""HDF5 groups as nested dictionaries of their attributes and small datasets, for headers."""

from collections.abc import Collection
from typing import Any

import h5py

from ingest.readers.hdf5.attributes import read_attributes, read_small

MAX_DEPTH = 24
MAX_NODES = 20_000
# HyperSpy keeps pickled and internal values under these; they are never opened.
_PRIVATE = ("_bs_", "_hspy_", "_sig_", "learning_results", "peak_learning_results")


def read_tree(group: h5py.Group, *, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """Return attributes and members of a group.

    Parameters
    ----------
    group
        Its links must have been checked; soft links are not followed.
    leave_out
        HDF5 paths of groups and datasets that are no header, such as the arrays.
    """
    return _read(group, set(leave_out), 0, [0])


def _read(group: h5py.Group, leave_out: set[str], depth: int, nodes: list[int]) -> dict[str, Any]:
    values: dict[str, Any] = {k: v for k, v in read_attributes(group).items() if not k.startswith(_PRIVATE)}
    if depth >= MAX_DEPTH:
        return values
    for key in group:
        nodes[0] += 1
        if nodes[0] > MAX_NODES:
            return values
        if key.startswith(_PRIVATE) or not isinstance(group.get(key, getlink=True), h5py.HardLink):
            continue
        item = group[key]
        if item.name in leave_out:
            continue
        if isinstance(item, h5py.Group):
            values[key] = _read(item, leave_out, depth + 1, nodes)
        elif isinstance(item, h5py.Dataset):
            values[key] = read_small(item)
    return values
