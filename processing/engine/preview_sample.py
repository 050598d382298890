"""Reading what a preview plan names, until its deadline, and what the read parts say together."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region, SignalSource
from processing.engine.preview_plan import PreviewPlan

FloatArray = npt.NDArray[np.float64]
PATTERNS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class PreviewSample:
    """The parts that were read, by the starts of their regions."""

    plan: PreviewPlan
    shape: tuple[int, ...]
    n_signal_axes: int
    parts: Mapping[tuple[int, ...], npt.NDArray[Any]]
    bytes_read: int

    @property
    def is_whole(self) -> bool:
        """Whether every planned part was read before the deadline."""
        return len(self.parts) == len(self.plan.regions)

    @property
    def n_read(self) -> int:
        """Patterns, detector pixels or rows that were read."""
        if self.plan.mode == "channels":
            return sum(math.prod(part.shape[-self.n_signal_axes :]) for part in self.parts.values())
        if self.plan.mode == "rows":
            return sum(part.shape[0] for part in self.parts.values())
        return sum(math.prod(part.shape[: -self.n_signal_axes]) for part in self.parts.values())

    @property
    def n_total(self) -> int:
        """How many of them the signal has."""
        if self.plan.mode == "channels":
            return math.prod(self.shape[-self.n_signal_axes :])
        if self.plan.mode == "rows":
            return self.shape[0]
        return math.prod(self.shape[: -self.n_signal_axes])

    def find(self, region: Region) -> npt.NDArray[Any] | None:
        """Return the part that a planned region gave, if it was reached."""
        return self.parts.get(starts_of(region))

    def list_cells(self) -> list[tuple[tuple[int, ...], npt.NDArray[Any]]]:
        """Return (index in the grid, part) for every cell of the grid that was read."""
        grid = self.plan.grid
        found = []
        for index in np.ndindex(*(len(starts) for starts in grid)):
            at = tuple(grid[axis][number] for axis, number in enumerate(index))
            fixed = starts_of(self.plan.center)[: -len(grid)] if self.plan.mode == "positions" else ()
            part = self.parts.get((*fixed, *at, *self._rest))
            if part is not None:
                found.append((index, part))
        return found

    @property
    def _rest(self) -> tuple[int, ...]:
        return (0,) * (self.n_signal_axes - 1) if self.plan.mode == "rows" else ()


@dataclass(slots=True)
class Deadline:
    """When reading stops; `clock` is for tests."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    def is_over(self) -> bool:
        """Return whether no further part is to be read."""
        return self.clock() >= self._end


def read_sample(source: SignalSource, plan: PreviewPlan, deadline: Deadline) -> PreviewSample:
    """Read the planned parts in order; the first is always read, the others until the deadline."""
    read = source.read_channels if plan.mode in {"channels", "rows"} else source.read
    parts: dict[tuple[int, ...], npt.NDArray[Any]] = {}
    for region in plan.regions:
        if parts and deadline.is_over():
            break
        parts[starts_of(region)] = read(region)
    return PreviewSample(
        plan, source.shape, source.n_signal_axes, parts, sum(part.nbytes for part in parts.values())
    )


def starts_of(region: Region) -> tuple[int, ...]:
    """Return where a region begins along each of its axes."""
    return tuple(part.start for part in region)


def as_numbers(values: npt.NDArray[Any]) -> FloatArray:
    """Return values as float64: the modulus of complex ones, NaN where there is no number."""
    real = np.abs(values) if values.dtype.kind == "c" else values
    numbers = np.asarray(real, np.float64)
    if values.dtype.kind in "iub" or np.isfinite(numbers).all():
        return numbers
    return np.where(np.isfinite(numbers), numbers, np.nan)


def mean_pattern(parts: Iterable[npt.NDArray[Any]], n_signal_axes: int) -> FloatArray:
    """Return the mean pattern (or spectrum) of parts of whole patterns; NaN counts as absent."""
    total: FloatArray | None = None
    count: FloatArray = np.zeros(())
    for part in parts:
        flat = part.reshape(-1, *part.shape[part.ndim - n_signal_axes :])
        if total is None:
            total, count = np.zeros(flat.shape[1:]), np.zeros(flat.shape[1:])
        for pattern in flat:
            numbers = as_numbers(pattern)
            known = np.isfinite(numbers)
            np.add(total, numbers, out=total, where=known)
            count += known
    if total is None:
        raise ValueError("the mean of no patterns")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def build_weights(masks: Sequence[npt.NDArray[np.bool_]], n_pixels: int) -> FloatArray:
    """Return (pixels, 1 + masks): all pixels, then those of each mask."""
    return np.stack([np.ones(n_pixels), *(mask.reshape(-1).astype(np.float64) for mask in masks)], axis=1)


def sum_patterns(part: npt.NDArray[Any], n_signal_axes: int, weights: FloatArray) -> FloatArray:
    """Return weighted sums over every pattern of a part, (weights, *leading); NaN where it has no number at all."""
    leading = part.shape[: part.ndim - n_signal_axes]
    flat = part.reshape(math.prod(leading), -1)
    sums = np.empty((len(flat), weights.shape[1]))
    for start in range(0, len(flat), PATTERNS_AT_ONCE):
        numbers = as_numbers(flat[start : start + PATTERNS_AT_ONCE])
        known = np.isfinite(numbers)
        found = np.where(known, numbers, 0.0) @ weights
        found[~known.any(axis=1)] = np.nan
        sums[start : start + PATTERNS_AT_ONCE] = found
    return sums.T.reshape(-1, *leading)
