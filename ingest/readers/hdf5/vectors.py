"""Vectors of positions that calibrate an axis."""

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.hdf5.access import HDF5_ERRORS
from ingest.readers.linear_steps import find_steps

_MAX_VECTOR = 2**20


def read_vector(vector: h5py.Dataset) -> npt.NDArray[np.float64] | None:
    """Return a vector of positions (n,); None where it is none, or is damaged."""
    if vector.dtype.kind not in "iuf" or vector.ndim != 1 or not 2 <= vector.size <= _MAX_VECTOR:  # noqa: PLR2004
        return None
    try:
        return np.asarray(vector[()], np.float64)
    except HDF5_ERRORS:
        return None


def read_steps(vector: h5py.Dataset, size: int) -> tuple[float | None, float]:
    """Return (step, start) of a vector of all positions or of the first two; None when it is not linear."""
    positions = read_vector(vector)
    return (None, 0.0) if positions is None else find_steps(positions, size)
