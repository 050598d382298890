"""HDF5 attributes and small datasets as plain Python values; nothing is unpickled or followed."""

from typing import Any

import h5py
import numpy as np

from ingest.readers.hdf5.access import HDF5_ERRORS

MAX_VALUES = 64


def plain(value: Any) -> Any:
    """Return text for byte strings, Python scalars for 0-d and 1-element arrays of text, else `value`."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "SOU":
        return plain(value.reshape(-1)[0])
    if isinstance(value, np.generic):
        return plain(value.item()) if value.dtype.kind in "SU" else value.item()
    return value


def read_attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Return all attributes that can be read; one of an unknown type is named as unreadable."""
    values: dict[str, Any] = {}
    for key in item.attrs:
        try:
            value = item.attrs[key]
        except HDF5_ERRORS as error:
            value = f"unreadable: {type(error).__name__}"
        values[str(key)] = None if isinstance(value, h5py.Empty) else plain(value)
    return values


def find_text(item: h5py.Group | h5py.Dataset, key: str) -> str:
    """Return an attribute as text, empty when it is missing."""
    if key not in item.attrs:
        return ""
    return str(plain(item.attrs[key]))


def read_small(dataset: h5py.Dataset) -> Any:
    """Return a small dataset's values; of a large or strange one only shape and dtype."""
    if dataset.shape is None:
        return None
    if dataset.size > MAX_VALUES or dataset.dtype.kind not in "iufbcSUO":
        return {"dropped": "array", "shape": list(dataset.shape), "dtype": str(dataset.dtype)}
    try:
        return plain(dataset[()])
    except HDF5_ERRORS as error:
        return f"unreadable: {type(error).__name__}"


def find_object(group: h5py.Group, path: str) -> Any:
    """Return an object behind hard links only, or None."""
    item: Any = group
    for key in path.split("/"):
        if not isinstance(item, h5py.Group) or not isinstance(item.get(key, getlink=True), h5py.HardLink):
            return None
        item = item[key]
    return item
