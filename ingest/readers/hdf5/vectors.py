"""Vectors of positions that calibrate an axis."""

import h5py
import numpy as np

from ingest.readers.hdf5.access import HDF5_ERRORS
from ingest.readers.linear_steps import find_steps

_MAX_VECTOR = 2**20


def read_steps(vector: h5py.Dataset, size: int) -> tuple[float | None, float]:
    """Return (step, start) of a vector of all positions or of the first two; None when it is not linear."""
    if vector.dtype.kind not in "iuf" or vector.ndim != 1 or not 2 <= vector.size <= _MAX_VECTOR:  # noqa: PLR2004
        return None, 0.0
    try:
        values = np.asarray(vector[()], np.float64)
    except HDF5_ERRORS:
        return None, 0.0
    return find_steps(values, size)
