"""The one look at a block that serves every recipe: whatever several of them need is computed once.

Of patterns:

``pixel_sums``, ``pixel_maxima``, ``valid``
    (detector_y, detector_x): sum, maximum and number of patterns with a number there; NaN counts as absent.
``detector_sums``
    (…, masks): sums over the virtual detectors of the plan, by position.
``totals``, ``moments``
    (…) and (…, 2): sum of a pattern, and Σ y I and Σ x I without hot and dead pixels, by position.
``clean_totals``
    (…): sum of a pattern without hot and dead pixels.

Of spectra: ``channel_sums`` and ``channel_valid`` (channels), ``totals`` (…).

What has no number at all has no sum: NaN.
"""

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from processing.reductions.facts import SignalFacts
from processing.reductions.fused import BlockReduction, PatternReducer, sum_type

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
        self._n_masks = len(masks)
        bad = facts.outliers.any_bad if facts.outliers else None
        self._aside = None if bad is None else np.flatnonzero(bad)
        if (
            bad is not None and facts.dtype.kind == "f"
        ):  # what a huge value swallowed does not come back by subtraction
            masks.append(~bad)
        self._reducer = PatternReducer(self._shape, facts.dtype, masks, bad)

    def __call__(self, values: AnyArray) -> dict[str, AnyArray]:
        """Return the shared accumulators of (n, detector_y, detector_x) patterns."""
        block = self._reducer.reduce(values)
        valid = block.valid
        found = {
            "pixel_sums": block.pixel_sums,
            "pixel_maxima": block.pixel_maxima,
            "valid": np.broadcast_to(np.int64(block.n_patterns), self._shape) if valid is None else valid,
            "detector_sums": block.detector_sums[:, : self._n_masks],
            "totals": block.totals,
            "clean_totals": self._leave_out(values, block),
            "moments": block.moments,
        }
        return {name: array for name, array in found.items() if name in self._names}

    def _leave_out(self, values: AnyArray, block: BlockReduction) -> AnyArray:
        if self._aside is None:
            return block.totals
        if block.detector_sums.shape[1] > self._n_masks:
            return block.detector_sums[:, -1]
        bad = values.reshape(len(values), -1)[:, self._aside]
        clean: AnyArray = block.totals - bad.sum(axis=1, dtype=block.totals.dtype)
        return clean


class SpectrumLook:
    """Sums of spectra along channels and positions; NaN counts as absent."""

    def __init__(self, facts: SignalFacts) -> None:
        self._type = sum_type(facts.dtype)

    def __call__(self, values: AnyArray) -> dict[str, AnyArray]:
        """Return the shared accumulators of (n, channels) spectra."""
        if values.dtype.kind != "f":
            valid = np.broadcast_to(np.int64(len(values)), values.shape[1:])
            totals = values.sum(axis=1, dtype=self._type)
        else:
            absent = np.isnan(values)
            values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
            valid = len(values) - np.count_nonzero(absent, axis=0).astype(np.int64)
            totals = np.where(absent.all(axis=1), np.nan, values.sum(axis=1, dtype=self._type))
        return {
            "channel_sums": values.sum(axis=0, dtype=self._type),
            "channel_valid": valid,
            "totals": totals,
        }
