"""Which detector pixels are hot or dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.declarations.recipe import Output, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.reductions.facts import Made, SignalFacts
    from processing.reductions.gathering import Gathered

RECIPE = Recipe(
    name="outlier_pixels",
    version=1,
    title="Hot and dead pixels",
    description=(
        "Detector pixels that stand far above or below what lies about them, in the mean of up to 256 evenly spread "
        "patterns, and what the file itself names as dead. They are left out of the search for the direct disk and of "
        "centers of mass; arrays, sums and virtual detectors hold them unchanged. Nothing is made where there are none."
    ),
    applies_to=("pattern_scan",),
    outputs=(
        Output(
            "outlier_mask",
            "Hot and dead pixels",
            "pattern",
            "(detector_y, detector_x), uint8: 0 good, 1 hot, 2 dead.",
        ),
    ),
    run="processing.recipes.outlier_pixels:make_mask",
    rank=25,
)
HOT, DEAD = 1, 2


def make_mask(_: Gathered, facts: SignalFacts, __: Mapping[str, float]) -> list[Made]:
    """Return the mask that the other recipes used; nothing where no pixel is hot or dead."""
    import numpy as np

    from processing.reductions.facts import Made

    found = facts.outliers
    if not found:
        return []
    mask = np.zeros(facts.signal_shape, np.uint8)
    mask[found.hot], mask[found.dead] = HOT, DEAD
    said = {"n_hot": found.n_hot, "n_dead": found.n_dead, "values": {"0": "good", "1": "hot", "2": "dead"}}
    return [Made("outlier_mask", mask, facts.signal_names, "1", said)]
