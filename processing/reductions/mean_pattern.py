"""Mean and maximum diffraction pattern."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.facts import Made, SignalFacts
from processing.reductions.fused import sum_type
from processing.reductions.gathering import Gathered


def make_mean(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return the mean of each pixel, float64; NaN where no pattern has a number."""
    valid = gathered["valid"]
    mean = np.full(valid.shape, np.nan)
    np.divide(gathered["pixel_sums"], valid, out=mean, where=valid > 0)
    return [Made("mean_diffraction_pattern", mean, facts.signal_names, facts.intensity_unit)]


def make_maximum(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return the maximum of each pixel in the type of the patterns; NaN where no pattern has a number."""
    maxima = gathered["pixel_maxima"]
    if facts.dtype.kind == "f":
        maxima = np.where(gathered["valid"] > 0, maxima, np.nan)
    values = maxima.astype(facts.dtype)
    return [Made("max_diffraction_pattern", values, facts.signal_names, facts.intensity_unit)]


def compute_mean_and_maximum(
    patterns: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return mean (float64) and maximum (own type) over all leading axes of (…, detector_y, detector_x)."""
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    stack = patterns.reshape(-1, *detector_shape)
    if patterns.dtype.kind == "f":
        absent = np.isnan(stack)
        count = (~absent).sum(axis=0)
        total = np.where(absent, 0.0, stack.astype(np.float64)).sum(axis=0)
        maximum = np.where(absent, -np.inf, stack).max(axis=0)
        empty = count == 0
        mean = np.where(empty, np.nan, total / np.maximum(count, 1))
        return mean, np.where(empty, np.nan, maximum).astype(patterns.dtype)
    return stack.sum(axis=0, dtype=sum_type(patterns.dtype)) / len(stack), stack.max(axis=0)
