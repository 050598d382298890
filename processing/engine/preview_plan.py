"""Which few parts of a signal the first pictures are made from, so that their cost does not grow with the file.

Parts are what the file stores together (whole patterns in a run of frames, chunks in HDF5): a read never
costs more than it was planned for. Where patterns lie scattered over the file, as in detector-major order,
a few detector pixels are read at every position instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from ingest.readers.contract import Region, SignalSource

Item = TypeVar("Item")
Mode = Literal["whole", "positions", "channels", "rows", "none"]

MIB = 1024 * 1024
SHARE = 100  # at most a hundredth of the values
MOST_BYTES = 32 * MIB
LARGEST_GRID = 64  # parts per axis of an overview
ENOUGH_PARTS = 16
ROW_SHARE = 4  # a quarter of the parts goes to the middle row
MOST_ROWS = 512
# Half a hundredth of a conversion that moves 25 MB/s; on a slow disk fewer parts are read, not longer.
BYTES_PER_DEADLINE_S = 5e9
SHORTEST_DEADLINE_S = 1.0
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class PreviewPlan:
    """What is read, in this order; after any of them the pictures are fair, only coarser.

    Attributes
    ----------
    mode
        `positions`: parts over the leading axes with whole patterns. `channels`: parts over the signal axes at
        every position. `rows`: parts over the rows of one image. `whole`: everything. `none`: nothing is cheap.
    grid
        Starts of the parts along each axis of the overview (one or two axes).
    regions
        Slices to read, over leading axes (`positions`) or signal axes (`channels`, `rows`).
    center, row
        Regions that hold the middle position, and those along the middle row; both are among `regions`.
    part_bytes
        What reading one of them costs.
    """

    mode: Mode
    grid: tuple[tuple[int, ...], ...] = ()
    regions: tuple[Region, ...] = ()
    center: Region = ()
    row: tuple[Region, ...] = ()
    part_bytes: int = 0


def budget_of(nbytes: int) -> int:
    """Return how many bytes may be read of a signal of this size."""
    return min(MOST_BYTES, nbytes // SHARE)


def deadline_of(nbytes: int) -> float:
    """Return for how many seconds a measurement of this size may be read for its first pictures."""
    return max(SHORTEST_DEADLINE_S, nbytes / BYTES_PER_DEADLINE_S)


def plan_preview(source: SignalSource, budget: int) -> PreviewPlan:
    """Plan reads of at most `budget` bytes, in units of what the file stores together."""
    if source.nbytes <= budget and not source.leading_shape:
        return PreviewPlan("whole", regions=((),), part_bytes=source.nbytes)
    leading, signal = source.leading_shape, source.shape[len(source.leading_shape) :]
    block = source.stored_block or (*(1 for _ in leading), *signal)
    item = source.dtype.itemsize
    pattern_part = math.prod(block[: len(leading)]) * _round_up(signal, block[len(leading) :]) * item
    channel_part = _round_up(leading, block[: len(leading)]) * math.prod(block[len(leading) :]) * item
    n_patterns = budget // pattern_part if leading else 0
    n_channels = budget // channel_part if source.load_channels is not None else 0
    if not leading:
        return _plan_rows(signal, block, item, budget) if n_channels else PreviewPlan("none")
    if n_patterns >= ENOUGH_PARTS or (n_patterns and n_patterns >= n_channels):
        return _plan_positions(leading, block[: len(leading)], n_patterns, pattern_part)
    if n_channels:
        return _plan_channels(signal, block[len(leading) :], n_channels, channel_part)
    return PreviewPlan("none")


def _round_up(shape: tuple[int, ...], block: tuple[int, ...]) -> int:
    """Return the number of values in all blocks that touch a shape."""
    return math.prod(math.ceil(size / part) * part for size, part in zip(shape, block, strict=True))


def _plan_positions(
    leading: tuple[int, ...], block: tuple[int, ...], count: int, part_bytes: int
) -> PreviewPlan:
    """Spread parts over the last two leading axes; of further ones the middle is taken."""
    outer = tuple(_part_at(size // 2, 1, size) for size in leading[:-2])
    scan, step = leading[-2:], block[-2:]
    center = (*outer, *(_part_at(size // 2, part, size) for size, part in zip(scan, step, strict=True)))
    row: list[Region] = []
    if len(scan) > 1 and count >= ROW_SHARE:
        starts = spread_parts(scan[1], step[1], count // ROW_SHARE)
        row = [(*center[:-1], _part_at(start, step[1], scan[1])) for start in scatter(starts)]
    grid = _choose_grid(scan, step, max(1, count - len(row) - 1))
    cells = [
        (*outer, *(_part_at(start, part, size) for start, part, size in zip(at, step, scan, strict=True)))
        for at in scatter(_cells(grid))
    ]
    regions = tuple(_unique([center, *row, *cells])[:count])
    kept = {_key(region) for region in regions}
    row = [region for region in row if _key(region) in kept]
    return PreviewPlan("positions", grid, regions, center, tuple(row), part_bytes)


def _plan_channels(
    signal: tuple[int, ...], block: tuple[int, ...], count: int, part_bytes: int
) -> PreviewPlan:
    grid = _choose_grid(signal, block, count)
    regions = tuple(
        tuple(_part_at(start, part, size) for start, part, size in zip(at, block, signal, strict=True))
        for at in scatter(_cells(grid))
    )
    return PreviewPlan("channels", grid, regions, part_bytes=part_bytes)


def _plan_rows(signal: tuple[int, ...], block: tuple[int, ...], item: int, budget: int) -> PreviewPlan:
    """Spread rows over one large image; a part is a row of chunks."""
    part_bytes = block[0] * _round_up(signal[1:], block[1:]) * item
    count = min(budget // part_bytes, MOST_ROWS)
    if not count:
        return PreviewPlan("none")
    starts = spread_parts(signal[0], block[0], count)
    rest = tuple(slice(0, size) for size in signal[1:])
    regions = tuple((_part_at(start, 1, signal[0]), *rest) for start in scatter(starts))
    return PreviewPlan("rows", (starts,), regions, part_bytes=part_bytes)


def _choose_grid(shape: tuple[int, ...], block: tuple[int, ...], count: int) -> tuple[tuple[int, ...], ...]:
    """Return starts along one or two axes, at most `count` together, as square as the axes allow."""
    parts = [math.ceil(size / part) for size, part in zip(shape, block, strict=True)]
    if len(parts) == 1:
        return (spread_parts(shape[0], block[0], min(count, LARGEST_GRID**2)),)
    side = math.sqrt(count * parts[0] / parts[1])
    n_y = max(1, min(parts[0], LARGEST_GRID, count, int(side)))
    n_x = max(1, min(parts[1], LARGEST_GRID, count // n_y))
    n_y = max(1, min(parts[0], LARGEST_GRID, count // n_x))
    return (spread_parts(shape[0], block[0], n_y), spread_parts(shape[1], block[1], n_x))


def spread_parts(size: int, part: int, count: int) -> tuple[int, ...]:
    """Return the starts of at most `count` evenly spread parts of an axis."""
    n_parts = math.ceil(size / part)
    count = max(1, min(count, n_parts))
    return tuple(int((index + 0.5) * n_parts / count) * part for index in range(count))


def scatter(items: Sequence[Item]) -> list[Item]:
    """Return items in an order whose every beginning is spread over all of them."""
    return [items[at] for at in sorted(range(len(items)), key=lambda at: (at * _GOLDEN) % 1.0)]


def _cells(grid: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    if len(grid) == 1:
        return [(start,) for start in grid[0]]
    return [(y, x) for y in grid[0] for x in grid[1]]


def _part_at(position: int, part: int, size: int) -> slice:
    start = position // part * part
    return slice(start, min(start + part, size))


def _key(region: Region) -> tuple[int, ...]:
    return tuple(part.start for part in region)


def _unique(regions: Sequence[Region]) -> list[Region]:
    return list({_key(region): region for region in regions}.values())
