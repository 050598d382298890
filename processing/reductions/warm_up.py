"""Compiles the kernels for every type they serve, or loads them from the cache on disk."""

import numpy as np
from numba.core.dispatcher import Dispatcher

from processing.reductions import kernels
from processing.reductions.binning import bin_patterns
from processing.reductions.fused import PatternReducer, sum_type, view_for_kernels

_NARROW = (np.uint8, np.uint16)
_WIDE = (np.uint32, np.uint64, np.int64, np.float32, np.float64)


def compile_kernels() -> None:
    """Call every kernel once per type, on nearly nothing."""
    for dtype in (*_NARROW, *_WIDE):
        patterns = np.ones((1, 4, 4), dtype)
        masks = [np.ones((4, 4), dtype=bool)]
        PatternReducer((4, 4), patterns.dtype, masks).reduce(patterns)
        bin_patterns(patterns, 2)
        flat = view_for_kernels(patterns.reshape(-1))
        kernels.summarize_values(flat, sum_type(patterns.dtype).type(0))


def compile_in_memory_only() -> None:
    """Leave the cache on disk alone from here on: the process is about to lose its reach.

    A type that nobody warmed up is then compiled for this process, instead of failing where the cache is out of reach.
    """
    for kernel in vars(kernels).values():
        if isinstance(kernel, Dispatcher):
            kernel._cache.disable()  # type: ignore[attr-defined]  # noqa: SLF001  # numba has no other way
