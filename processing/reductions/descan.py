"""How far the patterns travel over the detector while the beam scans (descan), from a sample of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.fused import PatternReducer

FloatArray = npt.NDArray[np.float64]

FEWEST_PATTERNS = 8
LEAST_TRAVEL_PX = 1.5  # less is lost in the edge of the disk, and thin crystals pull as much
SURE = 5.0  # times its own error


@dataclass(frozen=True, slots=True)
class Travel:
    """What a plane through the centers of mass says, (y, x) in pixels: from first to last scan row, and column.

    `error` is one standard deviation of either length.
    """

    along_rows: tuple[float, float]
    along_columns: tuple[float, float]
    error: float

    @property
    def length(self) -> float:
        """The longest way between two corners of the scan, in pixels."""
        (a, b), (c, d) = self.along_rows, self.along_columns
        return float(max(np.hypot(a + c, b + d), np.hypot(a - c, b - d)))

    @property
    def is_noticed(self) -> bool:
        """Whether it is longer than what an edge hides, and surely there."""
        return self.length >= LEAST_TRAVEL_PX and self.length > SURE * self.error


def measure_travel(
    patterns: npt.NDArray[Any], positions: FloatArray, bad: npt.NDArray[np.bool_]
) -> Travel | None:
    """Fit a plane to the centers of mass of patterns.

    Parameters
    ----------
    patterns
        (n, detector_y, detector_x); NaN counts as absent.
    positions
        (n, 2) as (y, x): where in the scan, 0 at its start and 1 at its end.
    bad
        Hot and dead pixels, which stand aside.

    Returns
    -------
    None where the patterns are too few, or too faint to have a center.
    """
    good = ~bad
    shape = (bad.shape[0], bad.shape[1])
    block = PatternReducer(shape, patterns.dtype, [good], bad).reduce(patterns)
    mean = block.pixel_sums[good] / len(patterns)
    floor = float(np.median(mean[np.isfinite(mean)])) if np.isfinite(mean).any() else 0.0
    totals = block.detector_sums[:, 0].astype(np.float64) - floor * np.count_nonzero(good)
    moments = block.moments - floor * np.array([axis.sum() for axis in np.nonzero(good)], np.float64)
    centers = np.full((len(patterns), 2), np.nan)
    np.divide(moments, totals[:, None], out=centers, where=totals[:, None] > 0)
    known = np.isfinite(centers).all(axis=1)
    if np.count_nonzero(known) < FEWEST_PATTERNS:
        return None
    return _fit_plane(centers[known], positions[known])


def _fit_plane(centers: FloatArray, positions: FloatArray) -> Travel:
    terms = np.column_stack([np.ones(len(positions)), positions])
    inverse = np.linalg.pinv(terms)  # a scan of one row has no slope along y
    slopes = inverse @ centers
    residual = centers - terms @ slopes
    free = max(1, len(centers) - terms.shape[1])
    error = np.sqrt((residual**2).sum(axis=0) / free).max() * np.sqrt((inverse**2).sum(axis=1))[1:].max()
    along = [(float(one[0]), float(one[1])) for one in slopes[1:]]
    return Travel(along[0], along[1], float(error))
