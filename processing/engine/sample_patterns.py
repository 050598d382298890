"""A fair sample of a scan, read before the pass: where the direct disk is, how large, and whether it travels."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import SignalSource
from processing.reductions.descan import Travel, measure_travel

SAMPLE_PATTERNS = 256
SAMPLE_BYTES = 64 * 1024 * 1024  # read in total
FEWEST_PATTERNS = 8
IMAGE_AXES = 2


@dataclass(frozen=True, slots=True)
class PatternSample:
    """Evenly spread patterns of a scan.

    Attributes
    ----------
    mean
        (detector_y, detector_x); NaN counts as absent, what no pattern has is zero, and what is infinite once stays it.
    patterns
        (n, detector_y, detector_x); none where they are too large to be kept.
    positions
        (n, 2) as (y, x): where in the scan, from 0 to 1.
    """

    mean: npt.NDArray[np.float64]
    patterns: npt.NDArray[Any]
    positions: npt.NDArray[np.float64]

    def measure_travel(self, bad: npt.NDArray[np.bool_]) -> Travel | None:
        """Return how far the patterns travel over the detector; None where that cannot be told."""
        return measure_travel(self.patterns, self.positions, bad) if len(self.patterns) else None


def sample_patterns(source: SignalSource) -> PatternSample:
    """Read up to 256 evenly spread patterns, 64 MiB of them."""
    leading = source.leading_shape
    n_positions = math.prod(leading)
    pattern_bytes = source.nbytes // n_positions
    wanted = max(FEWEST_PATTERNS, min(SAMPLE_PATTERNS, SAMPLE_BYTES // max(1, pattern_bytes)))
    is_kept = wanted * pattern_bytes <= SAMPLE_BYTES
    shape = source.shape[-2:]
    total, valid = np.zeros(shape), np.zeros(shape, np.int64)
    kept: list[npt.NDArray[Any]] = []
    places = []
    for number in _spread(n_positions, wanted):
        at = np.unravel_index(number, leading)
        pattern = source.read(tuple(slice(int(index), int(index) + 1) for index in at)).reshape(shape)
        values = pattern.astype(np.float64)
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore", over="ignore"):  # both infinities together have no mean
            total += np.where(known, values, 0.0)
        valid += known
        places.append([index / max(1, size - 1) for index, size in zip(at, leading, strict=True)])
        if is_kept:
            kept.append(pattern)
    positions = np.array(places, dtype=np.float64)[:, -IMAGE_AXES:]
    if positions.shape[1] < IMAGE_AXES:
        positions = np.column_stack([np.zeros(len(positions)), positions])
    patterns = np.stack(kept) if kept else np.empty((0, *shape), source.dtype)
    return PatternSample(total / np.maximum(valid, 1), patterns, positions)


def _spread(n_positions: int, wanted: int) -> list[int]:
    """Return evenly spread positions by the golden ratio, so that no period of the scan is met."""
    if n_positions <= wanted:
        return list(range(n_positions))
    step = (math.sqrt(5) - 1) / 2
    return sorted({int(n_positions * ((0.5 + index * step) % 1.0)) for index in range(wanted)})
