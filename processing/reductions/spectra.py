"""Sums of spectrum images."""

from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.fused import sum_type


class SpectrumSummary:
    """Collects the sum spectrum and the intensity of each position, block by block; NaN counts as zero."""

    def __init__(self, n_channels: int, dtype: np.dtype[Any]) -> None:
        self._type = sum_type(dtype)
        self.sum_spectrum: npt.NDArray[Any] = np.zeros(n_channels, self._type)

    def add(self, spectra: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Merge (…, channels) spectra; return the summed intensity (…) of each."""
        flat = spectra.reshape(-1, spectra.shape[-1])
        if flat.dtype.kind == "f":
            flat = np.nan_to_num(flat.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
        self.sum_spectrum += flat.sum(axis=0, dtype=self._type)
        intensity: npt.NDArray[Any] = flat.sum(axis=1, dtype=self._type)
        return intensity.reshape(spectra.shape[:-1])
