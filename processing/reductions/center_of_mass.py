"""Center of mass of diffraction patterns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered


def make_center_of_mass(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return the position of the center of mass, (…, 2) as (y, x) in pixels."""
    positions = divide_moments(gathered["clean_totals"], gathered["moments"])
    left_out = 0 if facts.outliers is None else int(np.count_nonzero(facts.outliers.any_bad))
    said = {
        "components": ["y", "x"],
        "region": "whole detector" if not left_out else f"whole detector but {left_out} hot or dead pixels",
        "reference": "none: positions in detector pixels, pixel centers at integers",
        "undefined": "NaN where the pattern sums to zero",
    }
    return [Made("center_of_mass", positions, (*facts.leading_names, "component"), "px", said)]


def divide_moments(totals: npt.NDArray[Any], moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the center of mass (…, 2) as (y, x) in pixels; NaN where the total is zero or not finite."""
    total = totals.astype(np.float64)
    usable = np.isfinite(total) & (total != 0)
    quotient = np.full(moments.shape, np.nan)
    np.divide(moments, total[..., None], out=quotient, where=usable[..., None])
    return quotient
