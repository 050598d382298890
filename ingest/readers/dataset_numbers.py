"""An HDF5 dataset as numbers that are read by boxes."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.folded_axis import fold_block, read_folded
from ingest.readers.hdf5.access import refuse_damage

PAIR = ("real", "imag")
_SINGLE = 4


@dataclass(frozen=True, slots=True)
class DatasetNumbers:
    """A dataset with its axes as stored, or the other way round as MATLAB counts them.

    Of an `is_line` only one axis has several positions, and that one is given. `folded` are the sizes that the first
    axis is given in, where it is a run of frames.
    """

    dataset: h5py.Dataset
    path: Path
    is_reversed: bool = False
    is_line: bool = False
    folded: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes as they are given."""
        if self.is_line:
            return (int(self.dataset.size),)
        shape = self._turn(self.dataset.shape)
        return shape if self.folded is None else (*self.folded, *shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type; truth values are 0 and 1, and MATLAB's pairs of real and imaginary are complex."""
        stored = np.dtype(self.dataset.dtype)
        if stored.names == PAIR:
            return np.dtype(np.complex64 if stored["real"].itemsize <= _SINGLE else np.complex128)
        return np.dtype(np.uint8) if stored.kind == "b" else stored.newbyteorder("=")

    @property
    def stored_block(self) -> tuple[int, ...]:
        """One chunk; of values that lie in a run, one line of the axis that changes fastest."""
        shape = self.dataset.shape
        if self.is_line:
            return (int(math.prod(self.dataset.chunks or shape)),)
        stored = self.dataset.chunks or (*(1 for _ in shape[:-1]), shape[-1])
        block = self._turn(stored)
        return fold_block(block, self.folded)

    def fold_first(self, rows: int, columns: int) -> "DatasetNumbers":
        """Return the same numbers with the first axis as rows of columns."""
        return replace(self, folded=(rows, columns))

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into an array of its shape."""
        read_folded(box, self.folded, self._take, out)

    def _take(self, box: Region, out: npt.NDArray[Any]) -> None:
        with refuse_damage(self.path):
            values = np.asarray(self.dataset[self._find_line(box) if self.is_line else self._turn(box)])
        if values.dtype.names == PAIR:
            out.real, out.imag = self._turn_back(values["real"]), self._turn_back(values["imag"])
        else:
            out[...] = self._turn_back(values)

    def _find_line(self, box: Region) -> tuple[slice, ...]:
        return tuple(box[0] if size > 1 else slice(0, 1) for size in self.dataset.shape)

    def _turn(self, along: tuple[Any, ...]) -> tuple[Any, ...]:
        return along[::-1] if self.is_reversed else along

    def _turn_back(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.is_line:
            return values.reshape(-1)
        return values.transpose() if self.is_reversed else values
