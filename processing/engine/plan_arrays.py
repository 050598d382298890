"""Chunk, shard and block shapes of a converted array.

Inner chunks hold whole patterns, 64 to 256 KiB raw and at least one pattern; a shard is the square of
probes nearest 64 MiB raw. Measured reasons: a random 64 KiB read costs no more than a 4 KiB one, and 64
random patterns are read ten times faster than from larger chunks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
CHUNK_BYTES = 64 * KIB  # the smallest chunk wanted; powers of two per axis keep it below four times this
SHARD_BYTES = 64 * MIB
BLOCK_BYTES = 8 * MIB
REDUCTION_BLOCK_BYTES = 4 * MIB  # stays in the outer cache between reading and adding up
LARGEST_WHOLE_PATTERN = 16 * MIB  # a larger pattern is tiled: nobody wants 100 MB per random access
TILE_BYTES = 256 * KIB


class EmptyArrayError(ValueError):
    """An axis has no positions; there is nothing to store."""


@dataclass(frozen=True, slots=True)
class ArrayPlan:
    """Shapes over all axes of one array.

    Attributes
    ----------
    chunk, shard
        Inner chunk and shard; each shard axis is a multiple of the chunk axis.
    n_signal_axes
        Trailing axes that make one pattern, image or spectrum.
    """

    shape: tuple[int, ...]
    itemsize: int
    n_signal_axes: int
    chunk: tuple[int, ...]
    shard: tuple[int, ...]

    @property
    def leading(self) -> tuple[int, ...]:
        """Sizes of the axes over patterns."""
        return self.shape[: len(self.shape) - self.n_signal_axes]

    @property
    def pattern_bytes(self) -> int:
        """Raw bytes of one pattern."""
        return math.prod(self.shape[len(self.leading) :]) * self.itemsize


def plan_array(shape: tuple[int, ...], itemsize: int, n_signal_axes: int) -> ArrayPlan:
    """Plan the storage of an array.

    Parameters
    ----------
    shape
        All axes, leading (scan, series) axes first.
    itemsize
        Bytes per value.
    n_signal_axes
        Number of trailing axes of one pattern.

    Raises
    ------
    EmptyArrayError
        If an axis has size zero, or there is none.
    """
    if not shape or 0 in shape:
        raise EmptyArrayError(f"An array of shape {shape} holds nothing to store.")
    leading, pattern = shape[: len(shape) - n_signal_axes], shape[len(shape) - n_signal_axes :]
    pattern_bytes = math.prod(pattern) * itemsize
    if not leading or pattern_bytes > LARGEST_WHOLE_PATTERN:
        return _plan_tiled(shape, itemsize, n_signal_axes)
    chunk = _grow_square(leading, pattern_bytes, CHUNK_BYTES)
    shard = _nearest_square(leading, chunk, pattern_bytes, SHARD_BYTES)
    return ArrayPlan(shape, itemsize, n_signal_axes, chunk + pattern, shard + pattern)


def _grow_square(leading: tuple[int, ...], pattern_bytes: int, wanted: int) -> tuple[int, ...]:
    """Return powers of two over the last two leading axes, nearly square, that reach `wanted` bytes."""
    chunk = [1] * len(leading)
    growing = list(range(max(0, len(leading) - 2), len(leading)))
    while math.prod(chunk) * pattern_bytes < wanted:
        open_axes = [axis for axis in growing if chunk[axis] < leading[axis]]
        if not open_axes:
            break
        # The last axis first: neighbors along it are neighbors in nearly every file.
        chunk[min(reversed(open_axes), key=lambda axis: chunk[axis])] *= 2
    return tuple(chunk)


def _nearest_square(
    leading: tuple[int, ...], chunk: tuple[int, ...], pattern_bytes: int, wanted: int
) -> tuple[int, ...]:
    """Return multiples of `chunk`, square in probes where the axes allow, nearest `wanted` bytes."""
    shard = list(chunk)
    patterns = max(1.0, wanted / pattern_bytes)
    axes = sorted(range(max(0, len(leading) - 2), len(leading)), key=lambda axis: leading[axis])
    side = patterns ** (1 / max(1, len(axes)))
    for axis in axes:
        whole = math.ceil(leading[axis] / chunk[axis])
        count = max(1, round(side / chunk[axis]))
        shard[axis] = min(whole, count) * chunk[axis]
        if count > whole:  # a short axis leaves its share to the long one
            side = max(1.0, patterns / leading[axis])
    return tuple(shard)


def _plan_tiled(shape: tuple[int, ...], itemsize: int, n_signal_axes: int) -> ArrayPlan:
    """Tile the pattern itself: one image or spectrum, or patterns too large for one chunk."""
    n_leading = len(shape) - n_signal_axes
    chunk = [1] * n_leading + list(shape[n_leading:])
    while math.prod(chunk) * itemsize > TILE_BYTES:
        widest = max(range(n_leading, len(shape)), key=lambda axis: chunk[axis])
        chunk[widest] = math.ceil(chunk[widest] / 2)
    shard = list(chunk)
    for axis in reversed(range(n_leading, len(shape))):
        room = max(1, SHARD_BYTES // (math.prod(shard) * itemsize))
        shard[axis] = chunk[axis] * min(room, math.ceil(shape[axis] / chunk[axis]))
    return ArrayPlan(shape, itemsize, n_signal_axes, tuple(chunk), tuple(shard))


def list_blocks(plan: ArrayPlan, block_bytes: int = BLOCK_BYTES) -> Iterator[tuple[slice, ...]]:
    """Yield regions over the leading axes, in file order, aligned to chunks, each near `block_bytes` raw.

    A block is never smaller than one row of chunks cut to one chunk, so it may be larger than asked for
    when a single chunk is.
    """
    leading = plan.leading
    step = list(plan.chunk[: len(leading)])
    budget = max(1, block_bytes // plan.pattern_bytes)
    for axis in reversed(range(len(leading))):
        others = math.prod(step[:axis]) * math.prod(step[axis + 1 :])
        count = max(1, budget // (others * plan.chunk[axis]))
        step[axis] = min(count * plan.chunk[axis], _round_up(leading[axis], plan.chunk[axis]))
        if step[axis] < leading[axis]:
            break
    yield from _walk(leading, tuple(step))


def _round_up(size: int, multiple: int) -> int:
    return math.ceil(size / multiple) * multiple


def _walk(leading: tuple[int, ...], step: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    if not leading:
        yield ()
        return
    for start in range(0, leading[0], step[0]):
        here = slice(start, min(start + step[0], leading[0]))
        for rest in _walk(leading[1:], step[1:]):
            yield (here, *rest)
