"""Sums over virtual detectors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.facts import Made, SignalFacts
from processing.reductions.fused import PatternReducer
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


def sum_virtual_detectors(
    patterns: npt.NDArray[Any], masks: Sequence[npt.NDArray[np.bool_]]
) -> npt.NDArray[Any]:
    """Sum each pattern over each mask, in one pass.

    Parameters
    ----------
    patterns
        (…, detector_y, detector_x), any real type.
    masks
        Boolean (detector_y, detector_x) images; they may overlap.

    Returns
    -------
    (masks, …): uint64 for unsigned and boolean, int64 for signed, float64 for float patterns. Integer sums
    are exact. NaN counts as zero.
    """
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    reducer = PatternReducer(detector_shape, patterns.dtype, masks)
    block = reducer.reduce(patterns.reshape(-1, *detector_shape))
    return block.detector_sums.T.reshape(len(masks), *patterns.shape[:-2])
