"""A fair sample of a scan, read before the pass: it tells where the direct disk is and how large."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import SignalSource

SAMPLE_PATTERNS = 256
SAMPLE_BYTES = 64 * 1024 * 1024  # read in total, one pattern at a time


def sample_mean_pattern(source: SignalSource) -> npt.NDArray[np.float64]:
    """Return the mean of up to 256 evenly spread patterns (detector_y, detector_x); NaN counts as zero."""
    leading = source.leading_shape
    n_positions = math.prod(leading)
    pattern_bytes = source.nbytes // n_positions
    wanted = max(8, min(SAMPLE_PATTERNS, SAMPLE_BYTES // max(1, pattern_bytes)))
    total = np.zeros(source.shape[-2:])
    positions = _spread(n_positions, wanted)
    for position in positions:
        at = np.unravel_index(position, leading)
        pattern = source.read(tuple(slice(int(index), int(index) + 1) for index in at))
        total += np.nan_to_num(_as_float(pattern), nan=0.0, posinf=0.0, neginf=0.0).reshape(total.shape)
    return total / len(positions)


def _spread(n_positions: int, wanted: int) -> list[int]:
    """Return evenly spread positions by the golden ratio, so that no period of the scan is met."""
    if n_positions <= wanted:
        return list(range(n_positions))
    step = (math.sqrt(5) - 1) / 2
    return sorted({int(n_positions * ((0.5 + index * step) % 1.0)) for index in range(wanted)})


def _as_float(pattern: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return pattern.astype(np.float64)
