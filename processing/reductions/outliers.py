"""Hot and dead pixels of a detector, found on a mean pattern.

A pixel is judged against the median of the rows' medians of the 5×5 pixels about it, which nine bad neighbors do not
move. Its height counts in units of the local scatter, or of shot noise where that is larger. What the optics made,
however small, reaches over to all four neighbors; a hot pixel leaves at least two of them as they are.

Hot pixels that fill a rectangle leave none. They are known by its rim: what the optics made falls off, and a cluster
ends from one pixel to the next all around. It counts only beside something larger, which is the pattern. What has no
number, and rows and columns without any between the chips of a detector, are filled from beside them first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
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
CLUSTER_SIDES = (4, 3, 2)
EVEN_SHARE = 0.25  # of its highest pixel that the lowest of a cluster has at least
MOST_CLUSTERS, MOST_CORNERS = 8, 4096  # more of them are a pattern of spots, or noise
LIT_BESIDE = 5
MOST_GAP = 4  # pixels between the chips of a detector that are bridged
PIXELS_AT_ONCE = 2**16
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
    """Find hot and dead pixels on a mean pattern (detector_y, detector_x); NaN is neither.

    What is infinite is one or the other by its sign; what a wrong dark image left far below zero is dead.
    """
    numbers, gaps, unknown = _bridge(pattern)
    image = scale_to_one(numbers)
    nothing = Outliers(np.zeros(image.shape, dtype=bool), np.zeros(image.shape, dtype=bool))
    if min(image.shape) < SMALLEST_SIDE or image.max() <= image.min():
        return nothing
    level = _take_median(image)
    above = image - level
    quantum = _estimate_quantum(image, level, above)
    noise = _estimate_noise(level, above, quantum)
    direct = np.sort(_list_neighbors(image)[:N_DIRECT] - level, axis=0)
    hot = (above > SIGMAS * noise) & (direct[1] < SHARED_LIGHT * above)
    dead = (level > SIGMAS * noise) & (image < DEAD_SHARE * level)
    hot = _drop_tips(image, hot, image / TIP)
    dead = _drop_tips(-image, dead, -TIP * DEAD_SHARE * level)
    dead[[0, -1], :], dead[:, [0, -1]] = False, False  # about them lies less than is needed to miss light
    sunk = (image < 0) & (-above > SIGMAS * noise) & (-direct[2] < SHARED_LIGHT * -above)
    dead |= _drop_tips(-image, sunk, -image / TIP)
    hot |= _find_clusters(_fill_from_around(image, hot | dead), quantum)
    dead |= gaps & (level > SIGMAS * noise)
    hot, dead = (hot & ~unknown) | np.isposinf(pattern), (dead & ~unknown) | np.isneginf(pattern)
    if np.count_nonzero((hot | dead) & ~gaps) > MOST_SHARE * image.size:
        return nothing
    return Outliers(hot, dead)


def mend_outliers(pattern: npt.NDArray[Any]) -> FloatImage:
    """Return the pattern with what lies about them in place of hot and dead pixels, of gaps, and of NaN.

    Zero stands for NaN that lies farther than `REACH` pixels from any number.
    """
    image, _, _ = _bridge(pattern)
    return _fill_from_around(image, find_outliers(pattern).any_bad)


def scale_to_one(image: FloatImage) -> FloatImage:
    """Return the image over its largest magnitude, whose squares no number is too large for."""
    largest = float(abs(image).max(initial=0.0))
    return image / largest if largest > 0 else image


def _bridge(pattern: npt.NDArray[Any]) -> tuple[FloatImage, Mask, Mask]:
    """Return finite numbers, where they are those of a gap, and where the pattern has NaN.

    A gap is at most `MOST_GAP` rows or columns with one value all along, between others. It is filled from
    beside it.
    """
    given = np.asarray(pattern, dtype=np.float64)
    unknown = np.isnan(given)
    image = np.nan_to_num(given, nan=0.0, posinf=0.0, neginf=0.0)
    gaps = np.zeros(image.shape, dtype=bool)
    for axis in (0, 1):
        most, least = image.max(axis=1 - axis, initial=-np.inf), image.min(axis=1 - axis, initial=np.inf)
        lines = np.moveaxis(image, axis, 0)
        for first, stop in _list_gaps(most <= least):
            # Few counts leave lines empty too; a gap has light on both sides.
            lit = np.minimum(_drop_peaks(lines[first - 1]), _drop_peaks(lines[stop])) > 0
            if np.count_nonzero(lit) >= LIT_BESIDE:
                np.moveaxis(gaps, axis, 0)[first:stop] = True
    return _fill_from_around(image, gaps | unknown), gaps, unknown


def _drop_peaks(line: FloatImage) -> FloatImage:
    """Return the running median of five, into which no hot pixel gets."""
    padded = np.pad(line, REACH, mode="reflect")
    return _median_of_five([padded[at : at + len(line)] for at in range(2 * REACH + 1)])


def _list_gaps(is_even: Mask) -> Iterator[tuple[int, int]]:
    """Yield first and stop of each run of lines that is narrow, and has other lines on both sides."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_even, [False]]).astype(np.int8)))
    for first, stop in edges.reshape(-1, 2).tolist():
        if first > 0 and stop < len(is_even) and stop - first <= MOST_GAP:
            yield first, stop


def _fill_from_around(image: FloatImage, bad: Mask) -> FloatImage:
    """Return the image with the median of what is not bad of the 5×5 pixels about each in place of what is."""
    if not bad.any():
        return image
    filled = np.where(bad, 0.0, image)
    padded = np.pad(np.where(bad, np.nan, image), REACH, constant_values=np.nan)
    rows, columns = np.nonzero(bad)
    for at in range(0, len(rows), PIXELS_AT_ONCE):
        y, x = rows[at : at + PIXELS_AT_ONCE], columns[at : at + PIXELS_AT_ONCE]
        sides = range(2 * REACH + 1)
        about = np.stack([padded[y + dy, x + dx] for dy in sides for dx in sides])
        seen = ~np.isnan(about).all(axis=0)
        filled[y[seen], x[seen]] = np.nanmedian(about[:, seen], axis=0)
    return filled


def _find_clusters(image: FloatImage, quantum: float) -> Mask:
    """Find rectangles of hot pixels, which end from one pixel to the next all around."""
    found = np.zeros(image.shape, dtype=bool)
    inner = image[1:, 1:]
    beside = np.maximum(np.maximum(image[:-1, 1:], image[1:, :-1]), image[:-1, :-1])
    corners = np.argwhere(inner - beside > SIGMAS * _estimate_shot(beside, quantum)) + 1
    if len(corners) > MOST_CORNERS:
        return found
    boxes = [box for y, x in corners if (box := _find_box(image, int(y), int(x), quantum)) is not None]
    if not 0 < len(boxes) <= MOST_CLUSTERS:
        return found
    for box in boxes:
        found[box] = True
    return found if _has_more_light(_fill_from_around(image, found), found) else np.zeros_like(found)


def _find_box(image: FloatImage, y: int, x: int, quantum: float) -> tuple[slice, slice] | None:
    """Return the hot rectangle whose first pixel this is."""
    for height, width in product(CLUSTER_SIDES, CLUSTER_SIDES):
        around = image[y - 1 : y + height + 1, x - 1 : x + width + 1]
        if around.shape != (height + 2, width + 2):
            continue
        inside = around[1:-1, 1:-1]
        rim = np.concatenate([around[0], around[-1], around[1:-1, 0], around[1:-1, -1]])
        rises = float(inside.min() - rim.max())
        is_sharp = rises > SIGMAS * _estimate_shot(rim.max(), quantum) and np.ptp(rim) < SHARED_LIGHT * rises
        if is_sharp and inside.min() >= EVEN_SHARE * inside.max():
            return slice(y, y + height), slice(x, x + width)
    return None


def _has_more_light(rest: FloatImage, clusters: Mask) -> bool:
    """Return whether the rest holds something that stands out and is larger than all clusters: the pattern itself."""
    smooth = _average(rest)
    floor = float(np.median(smooth))
    highest, scatter = float(smooth.max()), OF_MEDIAN_DEVIATION * float(np.median(abs(smooth - floor)))
    n_lit = np.count_nonzero(smooth > 0.5 * (floor + highest))
    return bool(highest - floor > SIGMAS * scatter and n_lit > np.count_nonzero(clusters))


def _average(image: FloatImage) -> FloatImage:
    """Return the mean of the 3×3 pixels about each."""
    mean: FloatImage = np.concatenate([_list_neighbors(image), image[None]]).mean(axis=0)
    return mean


def _estimate_quantum(image: FloatImage, level: FloatImage, above: FloatImage) -> float:
    """Return what one count is, in units of the image; infinity where nothing was counted."""
    positive = image[image > 0]
    if not positive.size:
        return np.inf
    # Where most pixels counted nothing, the others have one count or a few; else scatter over level tells of one.
    quantum = float(np.median(positive))
    lit = level > 0
    if 2 * positive.size >= image.size and lit.any():
        with np.errstate(over="ignore"):
            estimate = float(np.median(above[lit] ** 2 / level[lit])) / MEDIAN_OF_SQUARE
        quantum = min(quantum, estimate) if estimate > 0 else quantum
    return quantum


def _estimate_shot(level: Any, quantum: float) -> Any:
    """Return the shot noise of a level."""
    return np.sqrt(quantum * np.maximum(level, quantum))


def _estimate_noise(level: FloatImage, above: FloatImage, quantum: float) -> FloatImage:
    """Return one standard deviation of each pixel: the scatter about it, and at least the shot noise of its level."""
    scatter = OF_MEDIAN_DEVIATION * _take_median(np.abs(above))
    noise: FloatImage = np.hypot(scatter, _estimate_shot(level, quantum))
    return noise


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
