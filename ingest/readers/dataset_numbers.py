"""An HDF5 dataset as numbers that are read by boxes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.hdf5.access import refuse_damage


@dataclass(frozen=True, slots=True)
class DatasetNumbers:
    """A dataset with its axes as stored, or the other way round as MATLAB counts them.

    `folded` are the sizes that the first axis is given in, where it is a run of frames.
    """

    dataset: h5py.Dataset
    path: Path
    is_reversed: bool = False
    folded: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes as they are given."""
        shape = self._turn(self.dataset.shape)
        return shape if self.folded is None else (*self.folded, *shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type; truth values are 0 and 1, and MATLAB's pairs of real and imaginary are complex."""
        stored = np.dtype(self.dataset.dtype)
        return np.dtype(np.uint8) if stored.kind == "b" else stored.newbyteorder("=")

    @property
    def stored_block(self) -> tuple[int, ...]:
        """One chunk; of values that lie in a run, one line of the axis that changes fastest."""
        shape = self.dataset.shape
        stored = self.dataset.chunks or (*(1 for _ in shape[:-1]), shape[-1])
        block = self._turn(stored)
        if self.folded is None:
            return block
        return (1, min(block[0], self.folded[1]), *block[1:])

    def fold_first(self, rows: int, columns: int) -> "DatasetNumbers":
        """Return the same numbers with the first axis as rows of columns."""
        return replace(self, folded=(rows, columns))

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into an array of its shape."""
        if self.folded is None:
            self._take(box, out)
            return
        rows, columns, *rest = box
        for number, row in enumerate(range(rows.start, rows.stop)):
            first = row * self.folded[1]
            self._take((slice(first + columns.start, first + columns.stop), *rest), out[number])

    def _take(self, box: Region, out: npt.NDArray[Any]) -> None:
        with refuse_damage(self.path):
            out[...] = self._turn_back(np.asarray(self.dataset[self._turn(box)]))

    def _turn(self, along: tuple[Any, ...]) -> tuple[Any, ...]:
        return along[::-1] if self.is_reversed else along

    def _turn_back(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values.transpose() if self.is_reversed else values
