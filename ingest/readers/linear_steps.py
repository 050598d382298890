"""Whether positions along an axis have one step."""

from typing import Any

import numpy as np
import numpy.typing as npt

_LINEAR = 1e-3


def find_steps(positions: npt.NDArray[Any], size: int) -> tuple[float | None, float]:
    """Return (step, start) of all `size` positions or of the first two; None when they are not linear.

    Parameters
    ----------
    positions
        Numbers, at least two, along one axis.
    """
    values = np.asarray(positions, np.float64)
    steps = np.diff(values)
    step = float(steps.mean()) if steps.size else 0.0
    whole = values.size == size
    if (
        not np.isfinite(values).all()
        or step == 0
        or (whole and np.abs(steps - step).max(initial=0.0) > abs(step) * _LINEAR)
    ):
        return None, 0.0
    return step, float(values[0])
