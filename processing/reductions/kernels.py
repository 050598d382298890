"""Compiled inner loops of the reductions. They know contiguous arrays and nothing else.

A detector sum is a scalar product of a pattern with a weight image. All scalar products of a block are
taken in one pass over tiles that stay in cache, four patterns at a time, in floating point for speed. For
integer patterns the sum is exact as long as no partial sum reaches the mantissa of the type; the kernels
report where that is not sure, and `processing.reductions.fused` then goes to the next wider way.
"""

from typing import Any

import numba
import numpy as np

TILE_PIXELS = 2048
LANES = 4
_COMPILE: dict[str, Any] = {"nogil": True, "cache": True, "boundscheck": False}
_REASSOCIATE = {"reassoc", "nsz", "contract"}  # NaN and infinities keep their meaning


@numba.njit(fastmath=_REASSOCIATE, **_COMPILE)
def accumulate_patterns(
    patterns: Any, weights: Any, exact_limit: float, pixel_sums: Any, pixel_maxima: Any, products: Any
) -> bool:
    """Add one block of patterns to all accumulators; return False when a partial sum may be inexact.

    Parameters
    ----------
    patterns
        (n, pixels), contiguous.
    weights
        (functionals, pixels), float32 or float64: the type in which partial sums are kept.
    exact_limit
        Partial sums of a tile at or above it (absolute) make the result False; infinity for float data.
    pixel_sums, pixel_maxima
        (pixels,), changed in place; sums wrap at their own type.
    products
        (n, functionals) float64, changed in place.
    """
    n_patterns, n_pixels = patterns.shape
    tile = np.empty((LANES, TILE_PIXELS), weights.dtype)
    exact = True
    for first in range(0, n_patterns, LANES):
        lanes = min(LANES, n_patterns - first)
        for start in range(0, n_pixels, TILE_PIXELS):
            stop = min(start + TILE_PIXELS, n_pixels)
            _fill_tile(patterns, first, lanes, start, stop, tile, pixel_sums, pixel_maxima)
            if not _multiply_tile(tile, weights, start, stop, first, lanes, exact_limit, products):
                exact = False
    return exact


@numba.njit(**_COMPILE)
def _fill_tile(
    patterns: Any,
    first: int,
    lanes: int,
    start: int,
    stop: int,
    tile: Any,
    pixel_sums: Any,
    pixel_maxima: Any,
) -> None:
    sums = pixel_sums[start:stop]
    maxima = pixel_maxima[start:stop]
    size = stop - start
    if lanes == LANES:
        row0 = patterns[first, start:stop]
        row1 = patterns[first + 1, start:stop]
        row2 = patterns[first + 2, start:stop]
        row3 = patterns[first + 3, start:stop]
        for x in range(size):
            value0 = row0[x]
            value1 = row1[x]
            value2 = row2[x]
            value3 = row3[x]
            sums[x] = sums[x] + value0 + value1 + value2 + value3
            maxima[x] = max(value0, value1, value2, value3, maxima[x])
        tile0, tile1, tile2, tile3 = tile[0], tile[1], tile[2], tile[3]
        for x in range(size):
            tile0[x] = row0[x]
            tile1[x] = row1[x]
            tile2[x] = row2[x]
            tile3[x] = row3[x]
        return
    for lane in range(LANES):
        if lane >= lanes:
            tile[lane, :size] = 0
            continue
        row = patterns[first + lane, start:stop]
        for x in range(size):
            value = row[x]
            sums[x] += value
            maxima[x] = max(value, maxima[x])
            tile[lane, x] = value


@numba.njit(fastmath=_REASSOCIATE, **_COMPILE)
def _multiply_tile(
    tile: Any, weights: Any, start: int, stop: int, first: int, lanes: int, exact_limit: float, products: Any
) -> bool:
    size = stop - start
    tile0, tile1, tile2, tile3 = tile[0], tile[1], tile[2], tile[3]
    exact = True
    for functional in range(weights.shape[0]):
        weight = weights[functional, start:stop]
        sum0 = tile0[0] * weight[0]
        sum1 = tile1[0] * weight[0]
        sum2 = tile2[0] * weight[0]
        sum3 = tile3[0] * weight[0]
        for x in range(1, size):
            factor = weight[x]
            sum0 += tile0[x] * factor
            sum1 += tile1[x] * factor
            sum2 += tile2[x] * factor
            sum3 += tile3[x] * factor
        largest = max(abs(sum0), abs(sum1), abs(sum2), abs(sum3))
        if largest >= exact_limit:
            exact = False
        products[first, functional] += sum0
        if lanes > 1:
            products[first + 1, functional] += sum1
        if lanes > 2:  # noqa: PLR2004 - the third of four lanes
            products[first + 2, functional] += sum2
        if lanes > 3:  # noqa: PLR2004 - the last of four lanes
            products[first + 3, functional] += sum3
    return exact


@numba.njit(**_COMPILE)
def bin_patterns_into(patterns: Any, factor: int, binned: Any) -> None:
    """Sum squares of `factor` pixels of (n, y, x) into (n, bins_y, bins_x) of a wider type."""
    n_patterns, height, width = patterns.shape
    rows, columns = binned.shape[1:]
    whole = width // factor
    column_sums = np.zeros(width, binned.dtype)
    for pattern in range(n_patterns):
        for row in range(rows):
            column_sums[:] = 0
            for y in range(row * factor, min((row + 1) * factor, height)):
                line = patterns[pattern, y]
                for x in range(width):
                    column_sums[x] += line[x]
            for column in range(whole):
                total = column_sums[column * factor]
                for x in range(column * factor + 1, (column + 1) * factor):
                    total += column_sums[x]
                binned[pattern, row, column] = total
            for column in range(whole, columns):
                total = column_sums[column * factor]
                for x in range(column * factor + 1, width):
                    total += column_sums[x]
                binned[pattern, row, column] = total


@numba.njit(fastmath=_REASSOCIATE, **_COMPILE)
def summarize_values(values: Any, total: Any) -> Any:
    """Return (sum, minimum, maximum) of a flat array; `total` is the zero of the type to sum in.

    NaN makes the sum NaN; minimum and maximum pass over it.
    """
    minimum = values[0]
    maximum = values[0]
    for index in range(values.size):
        value = values[index]
        total += value
        minimum = min(value, minimum)
        maximum = max(value, maximum)
    return total, minimum, maximum
