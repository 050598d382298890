"""Sums of spectrum images, and of whole patterns."""

from collections.abc import Mapping

import numpy as np

from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered


def make_sum_spectrum(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return the sum of all spectra, by channel; NaN where none has a number."""
    sums = gathered["channel_sums"]
    if sums.dtype.kind == "f":
        sums = np.where(gathered["channel_valid"] > 0, sums, np.nan)
    return [Made("sum_spectrum", sums, facts.signal_names, facts.intensity_unit)]


def make_summed_intensity(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return the sum of each pattern or spectrum, by position."""
    return [Made("summed_intensity", gathered["totals"], facts.leading_names, facts.intensity_unit)]
