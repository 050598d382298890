"""Compiles the kernels for every type they serve, or loads them from the cache on disk."""

import numpy as np

from processing.reductions import kernels
from processing.reductions.binning import add_weighted_images, bin_patterns
from processing.reductions.fused import PatternReducer, sum_type

_NARROW = (np.uint8, np.uint16)
_WIDE = (np.uint32, np.uint64, np.int64, np.float32, np.float64)


def compile_kernels() -> None:
    """Call every kernel once per type, on nearly nothing."""
    for dtype in (*_NARROW, *_WIDE):
        patterns = np.ones((1, 4, 4), dtype)
        masks = [np.ones((4, 4), dtype=bool)]
        PatternReducer((4, 4), patterns.dtype, masks).reduce(patterns)
        binned = bin_patterns(patterns, 2).reshape(1, -1)
        add_weighted_images(binned, np.ones(1), np.zeros(binned.shape[1]))
        kernels.summarize_values(patterns.reshape(-1), sum_type(patterns.dtype).type(0))
