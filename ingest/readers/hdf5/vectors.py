"""Vectors of positions that calibrate an axis."""

import h5py
import numpy as np

from ingest.readers.hdf5.access import HDF5_ERRORS

_MAX_VECTOR = 2**20
_LINEAR = 1e-3


def read_steps(vector: h5py.Dataset, size: int) -> tuple[float | None, float]:
    """Return (step, start) of a vector of all positions or of the first two; None when it is not linear."""
    if vector.dtype.kind not in "iuf" or vector.ndim != 1 or not 2 <= vector.size <= _MAX_VECTOR:  # noqa: PLR2004
        return None, 0.0
    try:
        values = np.asarray(vector[()], np.float64)
    except HDF5_ERRORS:
        return None, 0.0
    steps = np.diff(values)
    step = float(steps.mean())
    whole = values.size == size
    if (
        not np.isfinite(values).all()
        or step == 0
        or (whole and np.abs(steps - step).max() > abs(step) * _LINEAR)
    ):
        return None, 0.0
    return step, float(values[0])
