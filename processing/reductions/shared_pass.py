"""The one look at a block that serves every recipe: whatever several of them need is computed once.

Of patterns:

``pixel_sums``, ``pixel_maxima``, ``valid``
    (detector_y, detector_x): sum, maximum and number of patterns with a number there; NaN counts as absent.
``detector_sums``
    (…, masks): sums over the virtual detectors of the plan, by position.
``totals``, ``moments``
    (…) and (…, 2): sum of a pattern, and Σ y I and Σ x I, by position.

Of spectra: ``channel_sums`` (channels) and ``totals`` (…).
"""

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from processing.reductions.facts import SignalFacts
from processing.reductions.fused import PatternReducer, sum_type

AnyArray = npt.NDArray[Any]
PART_BYTES = 4 * 1024 * 1024  # a part stays in the outer cache, and a few of them keep every core busy


class Look(Protocol):
    """Gives the shared accumulators of a part of a block: (n, …) patterns or spectra. Safe in threads."""

    def __call__(self, values: AnyArray) -> dict[str, AnyArray]:
        """Return them by name."""


def build_look(facts: SignalFacts, names: Collection[str]) -> Look:
    """Return what takes the named accumulators of a signal's parts."""
    if not names:
        return _look_at_nothing
    return SpectrumLook(facts) if facts.n_signal_axes == 1 else PatternLook(facts, names)


def count_at_once(facts: SignalFacts) -> int:
    """Return how many patterns make one part; spectra are few and small, so a block of them is one."""
    if facts.n_signal_axes == 1:
        return int(np.prod(facts.leading_shape))
    return max(4, PART_BYTES // max(1, int(np.prod(facts.signal_shape)) * facts.dtype.itemsize))


def _look_at_nothing(values: AnyArray) -> dict[str, AnyArray]:  # noqa: ARG001 - recipes that only measure by themselves
    return {}


class PatternLook:
    """Sums, maxima, virtual detectors and moments of patterns, fused into one pass over their pixels."""

    def __init__(self, facts: SignalFacts, names: Collection[str]) -> None:
        self._shape = (facts.signal_shape[0], facts.signal_shape[1])
        self._names = frozenset(names)
        planned = facts.plan.detectors if facts.plan is not None and "detector_sums" in names else ()
        masks = [detector.annulus.mask(self._shape) for detector in planned]
        self._reducer = PatternReducer(self._shape, facts.dtype, masks)

    def __call__(self, values: AnyArray) -> dict[str, AnyArray]:
        """Return the shared accumulators of (n, detector_y, detector_x) patterns."""
        block = self._reducer.reduce(values)
        valid = block.valid
        found = {
            "pixel_sums": block.pixel_sums,
            "pixel_maxima": block.pixel_maxima,
            "valid": np.broadcast_to(np.int64(block.n_patterns), self._shape) if valid is None else valid,
            "detector_sums": block.detector_sums,
            "totals": block.totals,
            "moments": block.moments,
        }
        return {name: array for name, array in found.items() if name in self._names}


class SpectrumLook:
    """Sums of spectra along channels and positions; NaN counts as zero."""

    def __init__(self, facts: SignalFacts) -> None:
        self._type = sum_type(facts.dtype)

    def __call__(self, values: AnyArray) -> dict[str, AnyArray]:
        """Return the shared accumulators of (n, channels) spectra."""
        if values.dtype.kind == "f":
            values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
        return {
            "channel_sums": values.sum(axis=0, dtype=self._type),
            "totals": values.sum(axis=1, dtype=self._type),
        }
