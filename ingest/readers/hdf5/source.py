"""An HDF5 dataset as a signal: checked once, read by regions over its leading axes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.hdf5.access import check_filters, check_size, count_missing_chunks, refuse_damage
from ingest.readers.refusals import decline, warn
from repository.schema.findings import Finding

NUMERIC_KINDS = "iufcb"


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """Reads a dataset whose stored leading axes may be folded into others.

    `leading` are the given leading axes; where they differ from the stored ones, their positions count the
    stored positions in C order. Stored axes in `squeezed` have one position and are not given.
    """

    dataset: h5py.Dataset
    path: Path
    leading: tuple[int, ...]
    n_signal_axes: int
    squeezed: tuple[int, ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type of the values."""
        stored: np.dtype[Any] = np.dtype(self.dataset.dtype)
        return stored.newbyteorder("=")

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return the values of a region."""
        if self.squeezed:
            return self._take(self._with_squeezed(region))
        if self.dataset.shape[: self.dataset.ndim - self.n_signal_axes] == self.leading:
            return self._take(region)
        return self._load_folded(region)

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What is read as a whole, over the given axes: a chunk, or one pattern where the values lie in a run.

        Where leading axes are folded, a chunk of several frames spans positions along the last of them.
        """
        stored = self.dataset.chunks
        if stored is None:
            is_image = not self.leading and self.n_signal_axes == 2 and not self.squeezed  # noqa: PLR2004
            return (1, self.dataset.shape[-1]) if is_image else ()
        kept = [size for axis, size in enumerate(stored) if axis not in self.squeezed]
        signal = kept[len(kept) - self.n_signal_axes :]
        if len(kept) - self.n_signal_axes == len(self.leading):
            return tuple(kept)
        frames = min(math.prod(kept[: len(kept) - self.n_signal_axes]), self.leading[-1])
        return (*(1 for _ in self.leading[:-1]), frames, *signal)

    def load_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return slices of the signal axes at every position."""
        leading = tuple(slice(0, size) for size in self.leading)
        if self.squeezed:
            return self._take(self._index_squeezed((*leading, *region)))
        n_stored = self.dataset.ndim - self.n_signal_axes
        whole = (slice(None),) * n_stored
        values = self._take((*whole, *region))
        return values.reshape(*self.leading, *values.shape[n_stored:])

    def _take(self, index: tuple[slice | int, ...]) -> npt.NDArray[Any]:
        with refuse_damage(self.path):
            return np.asarray(self.dataset[index] if index else self.dataset[()])

    def _with_squeezed(self, region: Region) -> tuple[slice | int, ...]:
        """Return the index of all stored axes: the region, then whole axes, 0 on squeezed ones."""
        return self._index_squeezed((*region, *(slice(None),) * self.n_signal_axes))

    def _index_squeezed(self, index: Region) -> tuple[slice | int, ...]:
        given = iter(index)
        return tuple(0 if axis in self.squeezed else next(given) for axis in range(self.dataset.ndim))

    def _load_folded(self, region: Region) -> npt.NDArray[Any]:
        """Read (scan_y, scan_x) regions of a dataset with one leading axis, row by row."""
        rows, columns = region
        width = self.leading[1]
        count, signal = columns.stop - columns.start, self.dataset.shape[1:]
        out = np.empty((rows.stop - rows.start, count, *signal), self.dtype)
        for index, row in enumerate(range(rows.start, rows.stop)):
            start = row * width + columns.start
            out[index] = self._take((slice(start, start + count),))
        return out


def check_dataset(dataset: h5py.Dataset, *, where: str, name: str) -> list[Finding]:
    """Refuse values that cannot be trusted or are no numbers; warn of chunks that were never written.

    Raises
    ------
    ReadRefusedError
        `declared_size_implausible`, `dataset_empty`, `dataset_not_numeric` or `hdf5_filter_missing`.
    """
    if dataset.dtype.kind not in NUMERIC_KINDS:
        raise decline("dataset_not_numeric", f"{where} in {name} holds {dataset.dtype}, no numbers.")
    if not dataset.shape or math.prod(dataset.shape) == 0:
        raise decline("dataset_empty", f"{where} in {name} has the shape {dataset.shape}: no array.")
    check_size(dataset, where=where, name=name)
    check_filters(dataset, where=where, name=name)
    missing, declared = count_missing_chunks(dataset)
    if not missing:
        return []
    return [
        warn(
            "hdf5_chunks_missing",
            f"{missing} of {declared} chunks of {where} in {name} were never written and read as "
            f"{dataset.fillvalue}.",
            "Readers would take them for measured values. The acquisition or the copy may have stopped early: "
            "upload the original if it is whole.",
        )
    ]
