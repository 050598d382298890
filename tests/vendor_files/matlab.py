"""MAT-files of version 7.3 as MATLAB lays them out: HDF5 behind 512 bytes, axes reversed, classes as attributes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_CLASSES = {"float64": "double", "float32": "single", "bool": "logical"}


def write_mat73(path: Path, variables: Mapping[str, Any]) -> Path:
    """Write numbers, texts and structs (dictionaries)."""
    with h5py.File(path, "w", userblock_size=512) as file:
        _write(file, variables)
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  5 10:00:00 2026 HDF5 schema 1.00 ."
    with path.open("r+b") as handle:
        handle.write(text.ljust(116) + bytes(8) + b"\x00\x02IM")
    return path


def _write(group: h5py.Group, variables: Mapping[str, Any]) -> None:
    for name, value in variables.items():
        if isinstance(value, Mapping):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            _write(inner, value)
        elif isinstance(value, str):
            codes = np.frombuffer(value.encode("utf-16-le"), "<u2").reshape(-1, 1)
            _store(group, name, codes, "char")
        else:
            values = np.atleast_2d(value)
            kind = _CLASSES.get(values.dtype.name, values.dtype.name)
            _store(group, name, _pair(values).transpose(), "double" if values.dtype.kind == "c" else kind)


def _pair(values: Any) -> Any:
    if values.dtype.kind == "b":
        return values.astype("u1")
    if values.dtype.kind != "c":
        return values
    part = "f4" if values.dtype.itemsize == 8 else "f8"
    pairs = np.zeros(values.shape, [("real", part), ("imag", part)])
    pairs["real"], pairs["imag"] = values.real, values.imag
    return pairs


def _store(group: h5py.Group, name: str, values: Any, kind: str) -> None:
    chunks = tuple(min(size, 16) for size in values.shape) if values.size > 64 else None
    compression = "gzip" if chunks else None
    dataset = group.create_dataset(name, data=values, chunks=chunks, compression=compression)
    dataset.attrs["MATLAB_class"] = np.bytes_(kind)
