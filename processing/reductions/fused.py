"""Everything that one look at a pattern can give: mean, maximum, virtual detectors, moments, total.

A block of patterns is reduced on its own (`PatternReducer.reduce`, safe in threads) and merged in any order;
integer data give the same integers for every tiling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions import kernels

FLOAT32_EXACT = float(2**24)
FLOAT64_EXACT = float(2**53)
MOMENT_ROWS = 3  # total, first moment in y, first moment in x

AnyArray = npt.NDArray[Any]


class UnsupportedPatternsError(ValueError):
    """The patterns have a type or a shape for which detector sums mean nothing."""


@dataclass(frozen=True, slots=True)
class BlockReduction:
    """Reductions of n patterns.

    Attributes
    ----------
    pixel_sums, pixel_maxima
        (y, x) over the patterns of the block; NaN counts as absent.
    valid
        (y, x) number of patterns with a number there, or None when that is n everywhere.
    detector_sums
        (n, masks); uint64, int64 or float64.
    totals
        (n,); the same type.
        A pattern, or a mask in it, in which every pixel is NaN has no sum: NaN.
    moments
        (n, 2) float64: sum of y·I and x·I over the whole detector, but for the pixels that stand aside.
    n_nan
        Number of NaN values met.
    """

    n_patterns: int
    pixel_sums: AnyArray
    pixel_maxima: AnyArray
    valid: npt.NDArray[np.int64] | None
    detector_sums: AnyArray
    totals: AnyArray
    moments: npt.NDArray[np.float64]
    n_nan: int


def sum_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which values of `dtype` are summed: uint64, int64 or float64.

    Raises
    ------
    UnsupportedPatternsError
        For complex, structured and textual types.
    """
    kinds = {"b": np.uint64, "u": np.uint64, "i": np.int64, "f": np.float64}
    if dtype.kind not in kinds:
        raise UnsupportedPatternsError(f"Values of type {dtype} have no sum of counts.")
    return np.dtype(kinds[dtype.kind])


def view_for_kernels(values: AnyArray) -> AnyArray:
    """Return contiguous `values` in a type the kernels are compiled for, as they read it.

    For a compiler, arrays that may be written, that may not (a decoded buffer), and that lie at an odd place (a map
    of a file) are three types. The kernels only read their input, so it is always the second.
    """
    readable = _widen(values if values.flags.aligned else values.copy()).view()
    readable.flags.writeable = False
    return readable


def _widen(values: AnyArray) -> AnyArray:
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    # Few compiled types: signed counts are rare, and a lossless widening costs them little.
    widened = {"i1": np.int64, "i2": np.int64, "i4": np.int64, "f2": np.float32}.get(values.dtype.str[1:])
    return values if widened is None else values.astype(widened)


class PatternReducer:
    """Reduces blocks of patterns of one shape and type with one set of masks.

    Parameters
    ----------
    detector_shape
        (detector_y, detector_x).
    dtype
        Type of the patterns.
    masks
        Boolean images; they may overlap.
    aside
        Pixels that do not enter the moments.
    """

    def __init__(
        self,
        detector_shape: tuple[int, int],
        dtype: np.dtype[Any],
        masks: Sequence[npt.NDArray[np.bool_]],
        aside: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.detector_shape = detector_shape
        self.dtype = np.dtype(dtype)
        self.sum_type = sum_type(self.dtype)
        height, width = detector_shape
        y, x = np.mgrid[:height, :width] * (1 if aside is None else ~aside)
        rows = [np.asarray(mask) for mask in masks] + [np.ones(detector_shape), y, x]
        if any(row.shape != detector_shape for row in rows):
            raise UnsupportedPatternsError(
                f"A mask does not have the shape of the detector {detector_shape}."
            )
        self._weights64 = np.stack(rows).reshape(len(rows), -1).astype(np.float64)
        self._weights32 = self._weights64.astype(np.float32)

    def reduce(self, patterns: AnyArray) -> BlockReduction:
        """Reduce (n, detector_y, detector_x) patterns."""
        if patterns.shape[1:] != self.detector_shape or patterns.dtype != self.dtype:
            raise UnsupportedPatternsError(f"Expected {self.detector_shape} of {self.dtype}.")
        flat = view_for_kernels(np.ascontiguousarray(patterns)).reshape(len(patterns), -1)
        if self.dtype.kind == "f":
            return self._reduce_floats(flat)
        return self._reduce_integers(flat)

    def _run(
        self, flat: AnyArray, weights: AnyArray, exact_limit: float, sums_dtype: npt.DTypeLike
    ) -> tuple[bool, AnyArray, AnyArray, npt.NDArray[np.float64]]:
        lowest = -np.inf if flat.dtype.kind == "f" else np.iinfo(flat.dtype).min
        sums = np.zeros(flat.shape[1], sums_dtype)
        maxima = np.full(flat.shape[1], lowest, flat.dtype)
        products = np.zeros((len(flat), len(weights)))
        exact = kernels.accumulate_patterns(
            view_for_kernels(flat), weights, exact_limit, sums, maxima, products
        )
        return exact, sums, maxima, products

    def _reduce_integers(self, flat: AnyArray) -> BlockReduction:
        narrow = flat.dtype.kind == "u" and flat.dtype.itemsize <= np.dtype(np.uint16).itemsize
        exact = False
        if narrow and len(flat) * np.iinfo(flat.dtype).max < np.iinfo(np.uint32).max:
            exact, sums, maxima, products = self._run(flat, self._weights32, FLOAT32_EXACT, np.uint32)
        if not exact:
            flat = flat.astype(np.uint32) if narrow else flat
            exact, sums, maxima, products = self._run(flat, self._weights64, FLOAT64_EXACT, self.sum_type)
            exact = exact and (flat.dtype.kind == "u" or self._is_surely_exact(flat))
        exact = exact and float(np.abs(products).max()) < FLOAT64_EXACT
        head = (
            products[:, : -MOMENT_ROWS + 1].astype(self.sum_type) if exact else self._multiply_integers(flat)
        )
        return self._pack(len(flat), sums, maxima, head, products[:, -MOMENT_ROWS + 1 :], None, 0)

    def _is_surely_exact(self, flat: AnyArray) -> bool:
        """Signed values may cancel, so the result says nothing about the partial sums; their bound does."""
        largest = max(abs(int(flat.min())), abs(int(flat.max())))
        return largest * float(self._weights64.max()) * kernels.TILE_PIXELS < FLOAT64_EXACT

    def _multiply_integers(self, flat: AnyArray) -> AnyArray:
        weights = self._weights64[: -MOMENT_ROWS + 1].astype(self.sum_type)
        return np.stack([flat.astype(self.sum_type, copy=False) @ row for row in weights], axis=1)

    def _reduce_floats(self, flat: AnyArray) -> BlockReduction:
        _, sums, maxima, products = self._run(flat, self._weights64, np.inf, np.float64)
        valid, n_nan = None, 0
        if not np.isfinite(products[:, -MOMENT_ROWS]).all():
            absent = np.isnan(flat)
            n_nan = int(np.count_nonzero(absent))
            if n_nan:
                valid = len(flat) - np.count_nonzero(absent, axis=0).astype(np.int64)
                valid = valid.reshape(self.detector_shape)
            maxima = np.where(absent, -np.inf, flat).max(axis=0).astype(flat.dtype)
            _, sums, _, products = self._run(
                np.where(np.isfinite(flat), flat, flat.dtype.type(0)), self._weights64, np.inf, np.float64
            )
            self._add_infinite(flat, sums, products)
            products[:, : -MOMENT_ROWS + 1][self._find_empty(absent)] = np.nan
        head, moments = products[:, : -MOMENT_ROWS + 1], products[:, -MOMENT_ROWS + 1 :]
        return self._pack(len(flat), sums, maxima, head, moments, valid, n_nan)

    def _add_infinite(self, flat: AnyArray, sums: AnyArray, products: npt.NDArray[np.float64]) -> None:
        """Add infinite values where they count: zero times infinity is no number, and they lie outside most masks."""
        counts = (self._weights32 > 0).astype(np.float32).T
        for infinity in (np.inf, -np.inf):
            met = flat == infinity
            if met.any():
                with np.errstate(invalid="ignore"):  # both infinities together have no sum
                    sums[met.any(axis=0)] += infinity
                    products[met.astype(np.float32) @ counts > 0] += infinity

    def _find_empty(self, absent: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return (n, masks and total): where a mask has pixels, and none of them a number."""
        inside = self._weights32[: -MOMENT_ROWS + 1]
        n_present = (~absent).astype(np.float32) @ inside.T
        empty: npt.NDArray[np.bool_] = (n_present == 0) & inside.any(axis=1)
        return empty

    def _pack(
        self,
        n_patterns: int,
        sums: AnyArray,
        maxima: AnyArray,
        head: AnyArray,
        moments: npt.NDArray[np.float64],
        valid: npt.NDArray[np.int64] | None,
        n_nan: int,
    ) -> BlockReduction:
        return BlockReduction(
            n_patterns=n_patterns,
            pixel_sums=sums.reshape(self.detector_shape),
            pixel_maxima=maxima.reshape(self.detector_shape),
            valid=valid,
            detector_sums=head[:, :-1],
            totals=head[:, -1],
            moments=moments,
            n_nan=n_nan,
        )
