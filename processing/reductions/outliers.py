"""Hot and dead pixels of a detector, found on a mean pattern.

A pixel is judged against the median of the rows' medians of the 5×5 pixels about it, which nine bad neighbors do not
move. Its height counts in units of the local scatter, or of shot noise where that is larger. What the optics made,
however small, reaches over to all four neighbors; a hot pixel leaves at least two of them as they are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

REACH = 2  # pixels to each side: 5×5
SMALLEST_SIDE = 8
SIGMAS = 8.0
OF_MEDIAN_DEVIATION = 1.4826  # standard deviations in one median absolute deviation of a normal distribution
SHARED_LIGHT = 0.05  # of its height that a real spot gives to three of its four neighbors
DEAD_SHARE = 0.1  # of the level about it
TIP = 2.0  # times a good neighbor
N_DIRECT = 4
MOST_SHARE = 0.05  # of all pixels: more of them are no outliers but the pattern itself
MEDIAN_OF_SQUARE = 0.455  # the median of χ² with one degree of freedom


@dataclass(frozen=True, slots=True)
class Outliers:
    """Hot and dead pixels (detector_y, detector_x)."""

    hot: Mask
    dead: Mask

    @property
    def any_bad(self) -> Mask:
        """Pixels that are one or the other."""
        return self.hot | self.dead

    @property
    def n_hot(self) -> int:
        """Number of hot pixels."""
        return int(np.count_nonzero(self.hot))

    @property
    def n_dead(self) -> int:
        """Number of dead pixels."""
        return int(np.count_nonzero(self.dead))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.hot.any() or self.dead.any())


def find_outliers(pattern: npt.NDArray[Any]) -> Outliers:
    """Find hot and dead pixels on a mean pattern (detector_y, detector_x); NaN counts as zero.

    What is infinite is one or the other by its sign; what a wrong dark image left far below zero is dead.
    """
    image = scale_to_one(_as_numbers(pattern))
    nothing = Outliers(np.zeros(image.shape, dtype=bool), np.zeros(image.shape, dtype=bool))
    if min(image.shape) < SMALLEST_SIDE or image.max() <= image.min():
        return nothing
    level = _take_median(image)
    above = image - level
    noise = _estimate_noise(image, level, above)
    direct = np.sort(_list_neighbors(image)[:N_DIRECT] - level, axis=0)
    hot = (above > SIGMAS * noise) & (direct[1] < SHARED_LIGHT * above)
    dead = (level > SIGMAS * noise) & (image < DEAD_SHARE * level)
    hot = _drop_tips(image, hot, image / TIP)
    dead = _drop_tips(-image, dead, -TIP * DEAD_SHARE * level)
    dead[[0, -1], :], dead[:, [0, -1]] = False, False  # about them lies less than is needed to miss light
    sunk = (image < 0) & (-above > SIGMAS * noise) & (-direct[2] < SHARED_LIGHT * -above)
    dead |= _drop_tips(-image, sunk, -image / TIP) | np.isneginf(pattern)
    hot |= np.isposinf(pattern)
    if np.count_nonzero(hot | dead) > MOST_SHARE * image.size:
        return nothing
    return Outliers(hot, dead)


def mend_outliers(pattern: npt.NDArray[Any]) -> FloatImage:
    """Return the pattern with the level about them in place of hot and dead pixels, and zero for NaN."""
    image = _as_numbers(pattern)
    bad = find_outliers(pattern).any_bad
    return np.where(bad, _take_median(image), image) if bad.any() else image


def scale_to_one(image: FloatImage) -> FloatImage:
    """Return the image over its largest magnitude, whose squares no number is too large for."""
    largest = float(abs(image).max(initial=0.0))
    return image / largest if largest > 0 else image


def _as_numbers(pattern: npt.NDArray[Any]) -> FloatImage:
    return np.nan_to_num(np.asarray(pattern, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _estimate_noise(image: FloatImage, level: FloatImage, above: FloatImage) -> FloatImage:
    """Return one standard deviation of each pixel: the scatter about it, and at least the shot noise of its level."""
    positive = image[image > 0]
    if not positive.size:
        return np.full(image.shape, np.inf)
    # Where most pixels counted nothing, the others have one count or a few; else scatter over level tells of one.
    quantum = float(np.median(positive))
    lit = level > 0
    if 2 * positive.size >= image.size and lit.any():
        with np.errstate(over="ignore"):
            estimate = float(np.median(above[lit] ** 2 / level[lit])) / MEDIAN_OF_SQUARE
        quantum = min(quantum, estimate) if estimate > 0 else quantum
    shot = quantum * np.maximum(level, quantum)
    scatter = OF_MEDIAN_DEVIATION * _take_median(np.abs(above))
    return np.sqrt(scatter**2 + shot)


def _take_median(image: FloatImage) -> FloatImage:
    """Return the median along y of the medians along x of the 5×5 pixels about each."""
    for axis in (1, 0):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (REACH, REACH)
        padded = np.pad(image, widths, mode="reflect")
        size = image.shape[axis]
        image = _median_of_five([padded.take(range(at, at + size), axis=axis) for at in range(2 * REACH + 1)])
    return image


def _median_of_five(values: list[FloatImage]) -> FloatImage:
    """Return the median of five images by comparing them in pairs, which is much faster than sorting."""
    a, b, c, d, e = values
    a, b = np.minimum(a, b), np.maximum(a, b)
    c, d = np.minimum(c, d), np.maximum(c, d)
    c, b = np.maximum(a, c), np.minimum(b, d)  # the lowest and the highest of four are not the median
    low, high = np.minimum(b, c), np.maximum(b, c)
    median: FloatImage = np.maximum(low, np.minimum(high, e))
    return median


def _drop_tips(image: FloatImage, found: Mask, limit: FloatImage) -> Mask:
    """Drop the tips of something larger: what has a good neighbor above the limit, until no more is dropped."""
    while found.any():
        kept = found & (_list_neighbors(np.where(found, -np.inf, image)).max(axis=0) < limit)
        if (kept == found).all():
            break
        found = kept
    return found


def _list_neighbors(image: FloatImage) -> FloatImage:
    """Return the eight neighbors of every pixel, the four direct ones first; at the border its row is mirrored."""
    padded = np.pad(image, 1, mode="reflect")
    height, width = image.shape
    places = ((0, 1), (2, 1), (1, 0), (1, 2), (0, 0), (0, 2), (2, 0), (2, 2))
    return np.stack([padded[y : y + height, x : x + width] for y, x in places])
