"""Signals as xarray: named axes, coordinates in physical units, read on demand. Needs xarray."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    from stemma.signals import Signal


class _SignalArray(BackendArray):
    """What xarray asks of a file format, answered by a signal."""

    def __init__(self, signal: "Signal") -> None:
        self._signal = signal
        self.shape = signal.shape
        self.dtype = signal.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        return np.asarray(self._signal[key])


def build_data_array(signal: "Signal") -> xarray.DataArray:
    """Return a lazy DataArray; uncalibrated axes get no coordinate."""
    lazy = indexing.LazilyIndexedArray(_SignalArray(signal))
    variable = xarray.Variable(signal.dims, lazy, attrs=_attributes(signal))
    coordinates = {
        axis.name: xarray.Variable(
            (axis.name,), axis.coordinates, attrs={"units": axis.unit} if axis.unit else {}
        )
        for axis in signal.axes
        if axis.coordinates is not None
    }
    return xarray.DataArray(variable, coords=coordinates, name=signal.name)


def _attributes(signal: "Signal") -> dict[str, Any]:
    attributes = {"units": signal.intensity_unit, "source": signal.url}
    return {key: value for key, value in attributes.items() if value is not None}
