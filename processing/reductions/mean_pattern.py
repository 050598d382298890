"""Mean and maximum diffraction pattern, gathered block by block."""

from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.fused import BlockReduction, sum_type


class PatternSummary:
    """Collects pixel sums and maxima of blocks.

    Integer sums are exact (uint64 or int64), so the mean is the same for every tiling; NaN counts as absent.
    """

    def __init__(self, detector_shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self._sums = np.zeros(detector_shape, sum_type(dtype))
        self._maxima: npt.NDArray[Any] | None = None
        self._valid = np.zeros(detector_shape, np.int64)
        self._dtype = dtype
        self.n_patterns = 0

    def add(self, block: BlockReduction) -> None:
        """Merge one block."""
        self._sums += block.pixel_sums
        if self._maxima is None:
            self._maxima = block.pixel_maxima.copy()
        else:
            np.maximum(self._maxima, block.pixel_maxima, out=self._maxima)
        self._valid += block.n_patterns if block.valid is None else block.valid
        self.n_patterns += block.n_patterns

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Mean pattern; NaN where no pattern had a number."""
        quotient = np.full(self._sums.shape, np.nan)
        np.divide(self._sums, self._valid, out=quotient, where=self._valid > 0)
        return quotient

    @property
    def maximum(self) -> npt.NDArray[Any]:
        """Maximum of each pixel, in the type of the patterns; NaN where no pattern had a number."""
        if self._maxima is None:
            return np.zeros(self._sums.shape, self._dtype)
        if self._dtype.kind == "f":
            return np.where(self._valid > 0, self._maxima, np.nan).astype(self._dtype)
        return self._maxima.astype(self._dtype)


def compute_mean_and_maximum(
    patterns: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return mean (float64) and maximum (own type) over all leading axes of (…, detector_y, detector_x)."""
    detector_shape = (patterns.shape[-2], patterns.shape[-1])
    stack = patterns.reshape(-1, *detector_shape)
    if patterns.dtype.kind == "f":
        absent = np.isnan(stack)
        count = (~absent).sum(axis=0)
        total = np.where(absent, 0.0, stack.astype(np.float64)).sum(axis=0)
        maximum = np.where(absent, -np.inf, stack).max(axis=0)
        empty = count == 0
        mean = np.where(empty, np.nan, total / np.maximum(count, 1))
        return mean, np.where(empty, np.nan, maximum).astype(patterns.dtype)
    return stack.sum(axis=0, dtype=sum_type(patterns.dtype)) / len(stack), stack.max(axis=0)
