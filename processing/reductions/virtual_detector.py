"""Sums over virtual detectors."""

from collections.abc import Mapping

import numpy as np

from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered


def make_images(gathered: Gathered, facts: SignalFacts, _: Mapping[str, float]) -> list[Made]:
    """Return an image for every virtual detector of the plan."""
    plan = facts.plan
    if plan is None:
        return []
    shape = (facts.signal_shape[0], facts.signal_shape[1])
    shared = {
        "angles_from": plan.source_of_angles,
        "center_from": plan.source_of_center,
        "radii_note": plan.note,
    }
    sums = gathered["detector_sums"]
    made = []
    for number, detector in enumerate(plan.detectors):
        said = {**detector.parameters, **shared, "n_pixels": int(detector.annulus.mask(shape).sum())}
        image = np.ascontiguousarray(sums[..., number])
        made.append(Made(detector.name, image, facts.leading_names, facts.intensity_unit, said))
    return made
