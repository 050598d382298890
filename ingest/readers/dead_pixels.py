"""Pixels of a detector that a file says are no measurement: gaps between chips, and what its own mask names.

They are kept as rectangles, so that they travel with an array in a few numbers.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Rectangle = tuple[int, int, int, int]
"""First and stop of its rows, first and stop of its columns."""

MOST_RECTANGLES = 4096
DEAD_PIXELS = "dead_pixels"
"""The attribute of a converted array that holds them."""


def list_rectangles(mask: npt.NDArray[np.bool_]) -> tuple[Rectangle, ...]:
    """Return the rectangles of a mask (detector_y, detector_x): runs along x, joined where rows repeat them."""
    done: list[Rectangle] = []
    growing: dict[tuple[int, int], int] = {}
    for row in range(len(mask) + 1):
        runs = set(_list_runs(mask[row])) if row < len(mask) else set()
        ended = [run for run in growing if run not in runs]
        done += [(growing.pop(run), row, *run) for run in ended]
        for run in runs:
            growing.setdefault(run, row)
    return tuple(sorted(done))


def _list_runs(line: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def read_rectangles(stored: Any) -> tuple[Rectangle, ...]:
    """Return rectangles from JSON; none where there are none."""
    found: tuple[Rectangle, ...] = tuple(
        (int(top), int(bottom), int(left), int(right)) for top, bottom, left, right in stored or ()
    )
    return found


def draw_mask(rectangles: Iterable[Rectangle], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return the mask (detector_y, detector_x) of rectangles; what lies outside is cut off."""
    mask = np.zeros(shape, dtype=bool)
    for top, bottom, left, right in rectangles:
        mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return mask
