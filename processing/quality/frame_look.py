"""What one frame looks like, in two numbers: how far it stands above its mean at its center, and its symmetry."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_SIDE = 64
_MIDDLE = 4  # the center is looked for in the middle half: a quarter from each edge
_LEAST_SIDE = 8
_NEAR = 6  # halves of a pixel of the coarse frame


@dataclass(frozen=True, slots=True)
class FrameLook:
    """How many times as bright as its mean a frame is at its center, and how alike it is to itself turned by half."""

    center_over_mean: float
    half_turn: float


def look_at_frame(values: npt.NDArray[Any]) -> FrameLook | None:
    """Return what a frame looks like, above its darkest value; None where it is too small, flat or has no numbers.

    Parameters
    ----------
    values
        (y, x), real; NaN counts as the darkest value.
    """
    if values.ndim != 2 or min(values.shape) < _LEAST_SIDE:  # noqa: PLR2004 - a frame has two axes
        return None
    with np.errstate(all="ignore"):  # the largest numbers there are have no mean: such a frame says nothing
        return _look(_shrink(np.asarray(values, np.float64)))


def _look(coarse: npt.NDArray[np.float64]) -> FrameLook | None:
    coarse = np.where(np.isfinite(coarse), coarse, np.nan)
    if not np.isfinite(coarse).any():
        return None
    coarse = np.nan_to_num(coarse, nan=float(np.nanmin(coarse)))
    coarse -= coarse.min()
    mean = float(coarse.mean())
    if not np.isfinite(mean) or mean <= 0:
        return None
    smooth = _smooth(coarse)
    y, x = _find_center(smooth)
    look = FrameLook(float(smooth[y, x] / mean), _find_half_turn(np.log1p(smooth / mean), y, x))
    return look if np.isfinite((look.center_over_mean, look.half_turn)).all() else None


def _shrink(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return means over blocks, so that the longer side has at most 64 of them."""
    step = max(1, -(-max(values.shape) // _SIDE))
    height, width = (size // step * step for size in values.shape)
    if step == 1 or not height or not width:
        return values
    blocks = values[:height, :width].reshape(height // step, step, width // step, step)
    mean: npt.NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return mean


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return means over 3 × 3 neighbours: one hot pixel makes no center."""
    padded = np.pad(values, 1, mode="edge")
    height, width = values.shape
    total: npt.NDArray[np.float64] = np.zeros_like(values)
    for y in range(3):
        for x in range(3):
            total += padded[y : y + height, x : x + width]
    return total / 9


def _find_center(smooth: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return where the middle half of the frame is brightest."""
    margins = [size // _MIDDLE for size in smooth.shape]
    middle = smooth[
        tuple(slice(margin, size - margin) for margin, size in zip(margins, smooth.shape, strict=True))
    ]
    y, x = np.unravel_index(int(np.argmax(middle)), middle.shape)
    return int(y) + margins[0], int(x) + margins[1]


def _find_half_turn(values: npt.NDArray[np.float64], y: int, x: int) -> float:
    """Return how alike a frame is to itself turned by half about the best place near its brightest.

    Places are looked at by halves of a pixel: the brightest part of a disk is anywhere in it.
    """
    rows, columns = (range(2 * center - _NEAR, 2 * center + _NEAR + 1) for center in (y, x))
    return max(_compare_turned(values, row, column) for row in rows for column in columns)


def _compare_turned(values: npt.NDArray[np.float64], twice_y: int, twice_x: int) -> float:
    """Return the correlation of a frame with itself turned by half about a place, over what lies in both."""
    rows, columns = (
        slice(max(0, twice - size + 1), min(size - 1, twice) + 1)
        for twice, size in zip((twice_y, twice_x), values.shape, strict=True)
    )
    around = values[rows, columns]
    if min(around.shape) < _LEAST_SIDE // 2:
        return 0.0
    first = around - around.mean()
    total = float((first * first).sum())
    return float((first * first[::-1, ::-1]).sum()) / total if total > 0 else 0.0
