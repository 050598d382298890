"""Arrays of an HDF5 file that no signal was made of: they are told, so that none is lost without a word."""

import math
from collections.abc import Collection, Iterator
from typing import Any

import h5py

from ingest.readers.hdf5.access import walk
from ingest.readers.hdf5.attributes import MAX_VALUES
from ingest.readers.hdf5.source import NUMERIC_KINDS
from ingest.readers.refusals import tell
from repository.schema.findings import Finding

_MOST_NAMED = 5


def tell_unread(file: h5py.File, *, read: Collection[str], name: str) -> list[Finding]:
    """Return a finding that names the arrays beside those that are read.

    Parameters
    ----------
    read
        HDF5 paths of the datasets that became signals, and of groups that are header.
    """
    left = [f"{where} {_show(item)}" for where, item in _list_arrays(file, name) if not _is_read(where, read)]
    if not left:
        return []
    more = f", and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    return [
        tell(
            "array_not_read",
            f"{name} also holds {', '.join(left[:_MOST_NAMED])}{more}: no layout that is read.",
            "They are kept in the file. If one of them is an experiment, its group may be damaged.",
        )
    ]


def _list_arrays(file: h5py.File, name: str) -> Iterator[tuple[str, h5py.Dataset]]:
    for where, item in walk(file, name=name):
        is_array = isinstance(item, h5py.Dataset) and item.shape is not None and item.ndim > 1
        if is_array and item.dtype.kind in NUMERIC_KINDS and math.prod(item.shape) > MAX_VALUES:
            yield where, item


def _is_read(where: str, read: Collection[str]) -> bool:
    return any(where == path or where.startswith(f"{path}/") for path in read)


def _show(item: Any) -> str:
    return f"({', '.join(str(size) for size in item.shape)})"
