"""Which detector pixels belong to an annulus."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
