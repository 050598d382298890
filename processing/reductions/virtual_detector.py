"""Virtual detectors: which pixels belong to an annulus, and their sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.fused import PatternReducer

CENTER_RULE = "pixel centers lie at integers; center is (y, x) in pixels"
EDGE_RULE = "a pixel belongs to the detector when inner <= r < outer for its center; no partial pixels"


@dataclass(frozen=True, slots=True)
class Annulus:
    """A ring on the detector; radii in pixels, center (y, x) in pixels; `outer` may be infinite."""

    center: tuple[float, float]
    inner: float
    outer: float

    def mask(self, detector_shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return the pixels (detector_y, detector_x) with ``inner <= r < outer``.

        Squared radii are compared, in float64, so that the edge does not hang on a square root.
        """
        y = np.arange(detector_shape[0], dtype=np.float64)[:, None] - self.center[0]
        x = np.arange(detector_shape[1], dtype=np.float64)[None, :] - self.center[1]
        squared = y * y + x * x
        inside: npt.NDArray[np.bool_] = (squared >= self.inner**2) & (squared < self.outer**2)
        return inside


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
