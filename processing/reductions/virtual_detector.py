"""Sums over virtual detectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.fused import PatternReducer


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
