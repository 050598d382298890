"""Sums over squares of detector pixels."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions import kernels
from processing.reductions.fused import UnsupportedPatternsError, view_for_kernels

LARGEST_BINNED_SIDE = 32


def choose_bin_factor(detector_shape: tuple[int, int]) -> int:
    """Return the smallest factor that leaves at most 32 bins along the longer side."""
    return max(1, math.ceil(max(detector_shape) / LARGEST_BINNED_SIDE))


def binned_shape(detector_shape: tuple[int, int], factor: int) -> tuple[int, int]:
    """Return the number of bins (y, x); the last one may be partial."""
    return math.ceil(detector_shape[0] / factor), math.ceil(detector_shape[1] / factor)


def binned_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of binned sums: uint32 where it cannot overflow, else 64 bits; floats stay floats.

    A bin of 256×256 pixels of 16 bits stays below 2^32.

    Raises
    ------
    UnsupportedPatternsError
        For complex and other types.
    """
    by_kind: dict[str, tuple[type, type]] = {
        "b": (np.uint32, np.uint32),
        "u": (np.uint32, np.uint64),
        "i": (np.int64, np.int64),
        "f": (np.float32, np.float64),
    }
    if dtype.kind not in by_kind:
        raise UnsupportedPatternsError(f"Patterns of type {dtype} cannot be binned.")
    narrow, wide = by_kind[dtype.kind]
    limit = 4 if dtype.kind == "f" else 2
    return np.dtype(narrow if dtype.itemsize <= limit else wide)


def bin_patterns(patterns: npt.NDArray[Any], factor: int) -> npt.NDArray[Any]:
    """Sum squares of `factor` pixels.

    Parameters
    ----------
    patterns
        (n, detector_y, detector_x); NaN counts as zero.

    Returns
    -------
    (n, bins_y, bins_x) in the type of `binned_dtype`; float patterns are added up in that type.
    """
    target = binned_dtype(patterns.dtype)
    source = view_for_kernels(np.ascontiguousarray(patterns))
    bins = binned_shape((patterns.shape[1], patterns.shape[2]), factor)
    binned = np.zeros((len(patterns), *bins), target)
    kernels.bin_patterns_into(source, factor, binned)
    if target.kind == "f" and np.isnan(binned).any():
        present = np.nan_to_num(source, nan=0.0, posinf=np.inf, neginf=-np.inf)
        kernels.bin_patterns_into(view_for_kernels(present), factor, binned)
    return binned
