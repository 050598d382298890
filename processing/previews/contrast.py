"""From values to gray levels between 0 and 1, so that a preview shows what is there."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from processing.reductions.outliers import find_outliers

Stretch = Literal["linear", "log"]
FloatImage = npt.NDArray[np.float64]
FLAT_LEVEL = 0.5

LOW_PERCENTILE = 0.2
HIGH_PERCENTILE = 99.8
LOG_DECADES = 4.0  # patterns: fainter than 1e-4 of the brightest is shown as black


def stretch_contrast(values: npt.NDArray[Any], stretch: Stretch = "linear") -> FloatImage:
    """Map values to [0, 1].

    Parameters
    ----------
    values
        Any real image; values that are not finite become NaN and are drawn as background.
    stretch
        `linear`: from the 0.2th to the 99.8th percentile. `log`: logarithm of what lies above the 0.2th
        percentile, over at most four decades, for diffraction patterns.

    Single pixels far above or below what lies about them decide nothing; those above are drawn as the brightest.
    What is the same everywhere is drawn in the middle of the range, and nothing at all, zero, as black.
    """
    image = np.array(values, dtype=np.float64)
    image[~np.isfinite(image)] = np.nan
    present = image[np.isfinite(image)]
    if not present.size:
        return image
    ordinary = image[np.isfinite(image) & ~find_outliers(image).any_bad]
    present = ordinary if ordinary.size and np.ptp(ordinary) > 0 else present
    low, high = np.percentile(present, [LOW_PERCENTILE, HIGH_PERCENTILE])
    if stretch == "log":
        return _stretch_log(image, float(low), float(present.max()))
    if high <= low:
        low, high = float(present.min()), float(present.max())
    if high <= low:
        return _draw_flat(image)
    levels: FloatImage = np.clip((image - low) / (high - low), 0.0, 1.0)
    return levels


def _draw_flat(image: FloatImage) -> FloatImage:
    return np.where(np.isfinite(image), np.where(image == 0, 0.0, FLAT_LEVEL), np.nan)


def _stretch_log(image: FloatImage, low: float, high: float) -> FloatImage:
    span = high - low
    if span <= 0:
        return _draw_flat(image)
    above = np.clip(image - low, 0.0, None) / span
    positive = above[above > 0]
    # The faintest common level decides how many decades are worth showing.
    floor = float(np.percentile(positive, 5)) if positive.size else 1.0
    decades = float(np.clip(0.5 - np.log10(max(floor, 1e-12)), 1.0, LOG_DECADES))
    scaled = np.log10(np.maximum(above, 10.0**-decades)) / decades + 1.0
    return np.where(np.isfinite(image), np.clip(scaled, 0.0, 1.0), np.nan)
