"""Numbers of patterns that are in memory as a whole: the kernels in one call, and what numpy says of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.center_of_mass import divide_moments
from processing.reductions.fused import PatternReducer, sum_type


def compute_center_of_mass(patterns: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return Σ k I / Σ I of every pattern over the whole detector.

    Parameters
    ----------
    patterns
        (…, detector_y, detector_x), any real type. NaN counts as absent.

    Returns
    -------
    (…, 2) float64: (y, x) in pixels, y down and x right, pixel centers at integers. NaN for patterns whose
    sum is zero. This is the position, not a shift: subtract the reference of your choice.
    """
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    reducer = PatternReducer(detector_shape, patterns.dtype, ())
    block = reducer.reduce(patterns.reshape(-1, *detector_shape))
    return divide_moments(block.totals, block.moments).reshape(*patterns.shape[:-2], 2)


def compute_mean_and_maximum(
    patterns: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return mean (float64) and maximum (own type) over all leading axes of (…, detector_y, detector_x)."""
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    stack = patterns.reshape(-1, *detector_shape)
    if patterns.dtype.kind == "f":
        absent = np.isnan(stack)
        count = (~absent).sum(axis=0)
        total = np.where(absent, 0.0, stack.astype(np.float64)).sum(axis=0)
        maximum = np.where(absent, -np.inf, stack).max(axis=0)
        empty = count == 0
        mean = np.where(empty, np.nan, total / np.maximum(count, 1))
        return mean, np.where(empty, np.nan, maximum).astype(patterns.dtype)
    return stack.sum(axis=0, dtype=sum_type(patterns.dtype)) / len(stack), stack.max(axis=0)


def sum_virtual_detectors(
    patterns: npt.NDArray[Any], masks: Sequence[npt.NDArray[np.bool_]]
) -> npt.NDArray[Any]:
    """Sum each pattern over each mask, in one pass.

    Parameters
    ----------
    patterns
        (…, detector_y, detector_x), any real type.
    masks
        Boolean (detector_y, detector_x) images; they may overlap.

    Returns
    -------
    (masks, …): uint64 for unsigned and boolean, int64 for signed, float64 for float patterns. Integer sums
    are exact. NaN counts as zero.
    """
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    reducer = PatternReducer(detector_shape, patterns.dtype, masks)
    block = reducer.reduce(patterns.reshape(-1, *detector_shape))
    return block.detector_sums.T.reshape(len(masks), *patterns.shape[:-2])
