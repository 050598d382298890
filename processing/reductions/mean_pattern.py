"""Mean and maximum diffraction pattern."""

from collections.abc import Mapping

import numpy as np

from processing.reductions.facts import Made, SignalFacts
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
