"""The detector-major copy of a 4D scan: detector binned, stored detector-major.

`[detector_y_binned, detector_x_binned, leading…]`: the image of any mask is a weighted sum of a few hundred
stored images, tens of milliseconds instead of a pass over the scan. Bins that a mask cuts are weighted with
the share of their pixels inside, so a mask along bin borders is exact and another one is an interpolation;
the primary array stays the reference.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import DetectorMajorEntry, ObjectEntry
from processing.engine.plan_arrays import ArrayPlan
from processing.engine.record_axes import bin_axes
from processing.engine.zarr_metadata import INTERACTIVE
from processing.engine.zarr_writer import ZarrWriter
from processing.reductions.binning import (
    bin_patterns,
    binned_dtype,
    binned_shape,
    choose_bin_factor,
)

BAND_BYTES = 64 * 1024 * 1024
COPY_NEEDS_POSITIONS = 4
FOLDER = "companion"
BINS_PER_CHUNK = 2  # along x: neighboring bins are nearly always wanted together


class DetectorMajorWriter:
    """Builds the detector-major copy in the pass over the scan, one band of scan rows in memory at a time.

    Parameters
    ----------
    folder
        Root of the copy's Zarr array.
    plan
        Plan of the primary array; its blocks arrive in file order.
    dtype
        Type of the patterns.
    axes
        Of the primary array.
    """

    def __init__(
        self,
        folder: Path,
        *,
        plan: ArrayPlan,
        dtype: np.dtype[Any],
        axes: Sequence[Axis],
        executor: Executor,
    ) -> None:
        detector_shape = plan.shape[-2:]
        self._leading = plan.leading
        self.factor = choose_bin_factor((detector_shape[0], detector_shape[1]))
        bins = binned_shape((detector_shape[0], detector_shape[1]), self.factor)
        self._dtype = binned_dtype(dtype)
        self._rows_axis = max(0, len(self._leading) - 2)
        self._band_rows = self._plan_band_rows(bins, plan)
        self._band_start: tuple[int, ...] | None = None
        self._band: npt.NDArray[Any] = np.empty(0)
        self._filled = 0
        band = self._band_extent(self._band_rows)
        inner = (1, min(BINS_PER_CHUNK, bins[1]))
        whole_x = math.ceil(bins[1] / inner[1]) * inner[1]
        copy_plan = ArrayPlan(
            shape=(*bins, *self._leading),
            itemsize=self._dtype.itemsize,
            n_signal_axes=len(self._leading),
            chunk=(*inner, *band),
            shard=(bins[0], whole_x, *band),
        )
        self._bins = bins
        binned = bin_axes(axes, self.factor, bins)
        self._writer = ZarrWriter(
            folder,
            plan=copy_plan,
            dtype=self._dtype,
            dimension_names=tuple(axis.name for axis in binned),
            attributes={
                "stemma_companion": {
                    "bin_factor": self.factor,
                    "detector_shape": list(detector_shape),
                    "rule": "sums over squares of pixels; last bins may be partial; NaN is zero",
                },
                "axes": [axis.as_dict() for axis in binned],
            },
            executor=executor,
            compression=INTERACTIVE,
        )

    def _plan_band_rows(self, bins: tuple[int, int], plan: ArrayPlan) -> int:
        step = plan.chunk[self._rows_axis]
        row_bytes = math.prod(bins) * self._dtype.itemsize * math.prod(self._leading[self._rows_axis + 1 :])
        rows = max(1, BAND_BYTES // (row_bytes * step)) * step
        return min(rows, math.ceil(self._leading[self._rows_axis] / step) * step)

    def _band_extent(self, rows: int) -> tuple[int, ...]:
        return (*(1 for _ in range(self._rows_axis)), rows, *self._leading[self._rows_axis + 1 :])

    def bin(self, block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the binned patterns of a block; safe in threads."""
        patterns = block.reshape(-1, *block.shape[-2:])
        return bin_patterns(patterns, self.factor).reshape(*block.shape[:-2], *self._bins)

    def add(self, region: tuple[slice, ...], binned: npt.NDArray[Any]) -> None:
        """Take the binned patterns of the next region, in file order."""
        axis = self._rows_axis
        outer = [range(part.start, part.stop) for part in region[:axis]]
        for index in np.ndindex(*(len(part) for part in outer)):
            at = tuple(part[i] for part, i in zip(outer, index, strict=True))
            rows = region[axis]
            row = rows.start
            while row < rows.stop:
                start = row - row % self._band_rows
                stop = min(start + self._band_rows, rows.stop)
                part = binned[index][row - rows.start : stop - rows.start]
                self._fill((*at, start), row - start, region[axis + 1 :], part)
                row = stop

    def _fill(
        self,
        band_start: tuple[int, ...],
        first_row: int,
        columns: tuple[slice, ...],
        part: npt.NDArray[Any],
    ) -> None:
        if self._band_start != band_start:
            rows = min(self._band_rows, self._leading[self._rows_axis] - band_start[-1])
            extent = (rows, *self._leading[self._rows_axis + 1 :])
            if self._band.shape[2:] != extent:
                self._band = np.empty((*self._bins, *extent), self._dtype)
            self._band_start, self._filled = band_start, 0
        target = self._band[(slice(None), slice(None), slice(first_row, first_row + len(part)), *columns)]
        target[...] = np.moveaxis(part, (-2, -1), (0, 1))
        self._filled += math.prod(part.shape[:-2])
        if self._filled == math.prod(self._band.shape[2:]):
            self._flush()

    def _flush(self) -> None:
        assert self._band_start is not None  # noqa: S101 - narrows the type
        lead = tuple(slice(at, at + 1) for at in self._band_start[:-1])
        first = self._band_start[-1]
        rows = slice(first, first + self._band.shape[2])
        columns = tuple(slice(0, size) for size in self._band.shape[3:])
        region = (*(slice(0, count) for count in self._bins), *lead, rows, *columns)
        block = self._band.reshape(*self._bins, *(1 for _ in lead), *self._band.shape[2:])
        self._writer.write(region, block)
        self._band_start = None

    def take(self, region: tuple[slice, ...], block: npt.NDArray[Any]) -> None:
        """Bin the patterns of the next region, in file order, and take them."""
        self.add(region, self.bin(block))

    def describe(self) -> DetectorMajorEntry:
        """Finish, and return what is there."""
        objects = tuple(ObjectEntry(**item.as_dict()) for item in self._writer.finish())
        return DetectorMajorEntry(FOLDER, self.factor, objects)


def start_detector_major(
    source: SignalSource, plan: ArrayPlan, folder: Path, executor: Executor
) -> DetectorMajorWriter | None:
    """Return what writes the copy of a scan of patterns into its folder; None where it would help nobody."""
    leading = source.leading_shape
    if math.prod(leading) < COPY_NEEDS_POSITIONS or plan.chunk[len(leading) :] != plan.shape[len(leading) :]:
        return None
    return DetectorMajorWriter(
        folder / FOLDER,
        plan=plan,
        dtype=source.dtype,
        axes=source.axes,
        executor=executor,
    )
