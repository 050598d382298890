"""One signal of a Velox file in the making, and the axes that its description gives."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.velox.frames import is_complex_pair
from ingest.formats.velox.tree import Record, as_number
from ingest.readers.contract import Axis, Region
from ingest.readers.hdf5.access import check_filters, check_size
from ingest.readers.hdf5.source import check_dataset
from ingest.readers.refusals import decline, warn
from ingest.readers.units import calibrated_axis
from repository.schema.findings import Finding

AS_STORED = "as stored in the file"
_BY_SIGNAL = ("BinaryResult", "Scan", "Acquisition")


@dataclass(frozen=True, slots=True)
class Planned:
    """One signal in the making, with the record that it comes from."""

    record: Record
    title: str
    axes: tuple[Axis, ...]
    n_signal_axes: int
    dtype: np.dtype[Any]
    load: Callable[[Region], npt.NDArray[Any]]
    stored_block: tuple[int, ...] = ()
    orientation: str = AS_STORED
    unit: str | None = None
    findings: tuple[Finding, ...] = ()
    acquisition: Mapping[str, Any] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Number of axes and bytes: the largest is the main signal, and a map is more than its spectra."""
        return len(self.axes), math.prod(axis.size for axis in self.axes) * self.dtype.itemsize

    def describe(self) -> dict[str, Any]:
        """Return what the header keeps of this signal alone."""
        record = self.record
        shown: dict[str, Any] = {"path": record.path, "kind": record.kind, "label": record.label}
        shown["detector"] = record.describe_detector()
        if self.acquisition:
            shown["acquisition"] = self.acquisition
        return shown | {key: record.find(key) for key in _BY_SIGNAL if record.find(key) is not None}


def check_record(record: Record, path: Path, ndim: int) -> list[Finding]:
    """Refuse an array of another rank or type than its kind has; its metadata may be lost, and that is said."""
    data = record.data
    if data.ndim != ndim or 0 in data.shape:
        raise decline("velox_array_unexpected", f"{record.path} in {path.name} has the shape {data.shape}.")
    if is_complex_pair(data.dtype):
        check_size(data, where=record.path, name=path.name)
        check_filters(data, where=record.path, name=path.name)
        found = []
    else:
        found = check_dataset(data, where=record.path, name=path.name)
    if not record.metadata:
        message = (
            f"The description of {record.path} in {path.name} cannot be read; its axes come without steps."
        )
        found.append(warn("header_unreadable", message, "The file may be damaged. Give the steps yourself."))
    return found


def frame_axis(record: Record, name: str, size: int, side: str) -> Axis:
    extent = "height" if side == "y" else "width"
    return calibrated_axis(
        name,
        size,
        unit=record.find_text("BinaryResult", f"PixelUnit{side.upper()}"),
        scale=record.find_number("BinaryResult", "PixelSize", extent),
        offset=record.find_number("BinaryResult", "Offset", side) or 0.0,
    )


def energy_axis(record: Record, channels: int) -> Axis:
    """Return the axis of an X-ray detector: its dispersion and the energy of its first channel are in eV."""
    detector = record.describe_detector()
    offset = as_number(detector.get("OffsetEnergy")) or 0.0
    return calibrated_axis(
        "energy", channels, unit="eV", scale=as_number(detector.get("Dispersion")), offset=offset
    )
