"""Color maps: gray, one perceptually even map for patterns, and a color circle for directions."""

from typing import Any

import numpy as np
import numpy.typing as npt

RgbImage = npt.NDArray[np.uint8]

BACKGROUND = (38, 42, 48)  # where there is no number

# Dark blue over teal to pale yellow; lightness rises evenly, readable for color-blind people and in gray
# print.
_PATTERN_ANCHORS = np.array(
    [
        (8, 9, 20),
        (24, 32, 72),
        (28, 62, 118),
        (22, 97, 142),
        (28, 132, 144),
        (70, 165, 132),
        (136, 195, 118),
        (205, 220, 130),
        (253, 245, 200),
    ],
    dtype=np.float64,
)


def color_gray(levels: npt.NDArray[np.float64]) -> RgbImage:
    """Return (y, x, 3) gray for levels in [0, 1]; NaN becomes background."""
    return _apply(levels, np.linspace((0.0, 0.0, 0.0), (255.0, 255.0, 255.0), 256))


def color_pattern(levels: npt.NDArray[np.float64]) -> RgbImage:
    """Return (y, x, 3) in the pattern map for levels in [0, 1]; NaN becomes background."""
    position = np.linspace(0, len(_PATTERN_ANCHORS) - 1, 256)
    table = np.stack(
        [
            np.interp(position, np.arange(len(_PATTERN_ANCHORS)), _PATTERN_ANCHORS[:, band])
            for band in range(3)
        ],
        axis=1,
    )
    return _apply(levels, table)


def measure_shifts(vectors: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], float]:
    """Return vectors less their mean, and the length that is drawn brightest: the 99th percentile, 0 for none."""
    known = np.isfinite(vectors).all(axis=-1)
    shifts = np.where(known[..., None], vectors, np.nan).astype(np.float64)
    if not known.any():
        return shifts, 0.0
    shifts -= shifts[known].mean(axis=0)
    return shifts, float(np.percentile(np.hypot(*shifts[known].T), 99))


def color_shifts(shifts: npt.NDArray[np.float64], top: float) -> RgbImage:
    """Return (y, x, 3) for (y, x, 2) vectors as they are; those of length `top` and more are the brightest."""
    length = np.hypot(shifts[..., 0], shifts[..., 1])
    value = np.clip(length / top, 0.0, 1.0) if top > 0 else np.zeros_like(length)
    hue = (np.arctan2(shifts[..., 0], shifts[..., 1]) / (2 * np.pi)) % 1.0
    phase = np.stack([hue, hue - 1 / 3, hue - 2 / 3], axis=-1)
    color = 0.5 + 0.5 * np.cos(2 * np.pi * phase)
    mixed = (0.15 + 0.85 * color) * value[..., None] * 255.0
    rgb = np.empty(mixed.shape, np.uint8)
    rgb[...] = np.nan_to_num(mixed).round()
    rgb[~np.isfinite(length)] = BACKGROUND
    return rgb


def color_wheel(side: int) -> tuple[RgbImage, npt.NDArray[np.bool_]]:
    """Return the colors of all directions and lengths up to the brightest, and which pixels lie on the wheel."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    shifts = np.stack([y, x], axis=-1) / (side / 2)
    return color_shifts(shifts, 1.0), np.hypot(shifts[..., 0], shifts[..., 1]) <= 1.0


def _apply(levels: npt.NDArray[np.float64], table: npt.NDArray[np.float64]) -> RgbImage:
    missing = ~np.isfinite(levels)
    index = np.round(np.where(missing, 0.0, levels) * 255.0).astype(np.intp)
    rgb = table.round().astype(np.uint8)[index]
    rgb[missing] = BACKGROUND
    return rgb
