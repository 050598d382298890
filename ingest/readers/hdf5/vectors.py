"""Vectors of positions that calibrate an axis."""

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.hdf5.access import HDF5_ERRORS

_MAX_VECTOR = 2**20
_LINEAR = 1e-3


def read_vector(vector: h5py.Dataset) -> npt.NDArray[np.float64] | None:
    """Return a vector of positions (n,); None where it is none, or is damaged."""
    if vector.dtype.kind not in "iuf" or vector.ndim != 1 or not 2 <= vector.size <= _MAX_VECTOR:  # noqa: PLR2004
        return None
    try:
        return np.asarray(vector[()], np.float64)
    except HDF5_ERRORS:
        return None


def find_steps(positions: npt.NDArray[np.float64], *, is_whole: bool = True) -> tuple[float | None, float]:
    """Return (step, start) of positions, all of them or the first two; None when they are not linear."""
    steps = np.diff(positions)
    step = float(steps.mean()) if steps.size else 0.0
    is_even = not is_whole or np.abs(steps - step).max(initial=0.0) <= abs(step) * _LINEAR
    if not np.isfinite(positions).all() or step == 0 or not is_even:
        return None, 0.0
    return step, float(positions[0])


def read_steps(vector: h5py.Dataset, size: int) -> tuple[float | None, float]:
    """Return (step, start) of a vector of all positions or of the first two; None when it is not linear."""
    positions = read_vector(vector)
    return (None, 0.0) if positions is None else find_steps(positions, is_whole=vector.size == size)
