"""What every reader takes and gives: the border between vendor files and the rest of Stemma.

Vendor words, units and axis orders are translated behind this border and never travel further in.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from ingest.readers.array_answers import NOTHING_SAID, ArrayAnswers
from ingest.readers.dead_pixels import Rectangle
from repository.schema.findings import Finding

ShapeOrigin = Literal["file", "depositor", "guessed"]
Role = Literal["primary", "companion", "other"]
Region = tuple[slice, ...]


class ReadRefusedError(Exception):
    """A file is not read, for a reason that the depositor can understand; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class RegionOutOfRangeError(ValueError):
    """A region asks for positions that the signal does not have, or for steps other than one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One array axis; sample i lies at `offset + i * scale` in `unit` (a UCUM string).

    Attributes
    ----------
    unit, scale
        None where the file gives no calibration; nothing is invented.
    calibration
        What an order says: which number of which calibration they are from.
    positions
        Where each sample lies, in `unit`, if no step leads from one to the next; then there is no `scale`.
    """

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0
    calibration: str | None = None
    positions: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.positions is not None and (len(self.positions) != self.size or self.scale is not None):
            raise ValueError(f"{len(self.positions)} positions of {self.size} samples, scale {self.scale}")

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, which has no calibration and no positions where there are none."""
        stored = {
            "name": self.name,
            "size": self.size,
            "unit": self.unit,
            "scale": self.scale,
            "offset": self.offset,
        }
        if self.calibration is not None:
            stored["calibration"] = self.calibration
        return stored if self.positions is None else {**stored, "positions": list(self.positions)}

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Build from the JSON form."""
        positions = entry.get("positions")
        return cls(**{**entry, "positions": None if positions is None else tuple(positions)})

    @property
    def scaling(self) -> tuple[str | None, float | None, float]:
        """Where its samples lie: unit, scale and offset."""
        return self.unit, self.scale, self.offset


@dataclass(frozen=True, slots=True)
class ReadHints:
    """What the depositor said that the file may not say.

    Attributes
    ----------
    scan_shape
        (scan_y, scan_x).
    frame_axis
        What a run of frames is when it is no raster: `position` for free positions, `time` or another
        series word for a series. Answers the question for the scan shape.
    array
        What is said of an array that carries no description.
    """

    scan_shape: tuple[int, int] | None = None
    frame_axis: str | None = None
    array: ArrayAnswers = NOTHING_SAID

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build hints from JSON; unknown keys are left out."""
        shape = document.get("scan_shape")
        axis = document.get("frame_axis")
        return cls(
            scan_shape=None if shape is None else (int(shape[0]), int(shape[1])),
            frame_axis=None if axis is None else str(axis),
            array=ArrayAnswers.from_dict(document.get("array") or {}),
        )


def plan_region(region: Region, leading: tuple[int, ...]) -> Region:
    """Return `region` with explicit bounds over all leading axes.

    Parameters
    ----------
    region
        Slices over the first leading axes, steps of one; axes left out are taken whole.
    leading
        Sizes of the leading axes.

    Raises
    ------
    RegionOutOfRangeError
        If there are more slices than leading axes, or a slice leaves its axis, is empty or has a step.
    """
    if len(region) > len(leading):
        raise RegionOutOfRangeError(f"{len(region)} slices for {len(leading)} leading axes")
    bounded: list[slice] = []
    for part, size in zip(region, leading, strict=False):
        start = 0 if part.start is None else int(part.start)
        stop = size if part.stop is None else int(part.stop)
        if part.step not in {None, 1} or not 0 <= start < stop <= size:
            raise RegionOutOfRangeError(f"{part} does not lie in an axis of {size} positions")
        bounded.append(slice(start, stop))
    bounded.extend(slice(0, size) for size in leading[len(region) :])
    return tuple(bounded)


@dataclass(frozen=True, slots=True)
class SignalSource:
    """One array of a measurement, read from the original bytes a region at a time.

    Attributes
    ----------
    name
        `data` for the main array; unique in its file; matches ``[a-z0-9_]+``.
    shape, dtype
        Shape in the order of `axes`; dtype in native byte order.
    title
        What the file calls it; empty where it gives no name.
    intensity_unit
        UCUM unit of the values (`1` for counts), or None.
    shape_origin
        Who said what the scan shape is.
    orientation
        How the array lies against the file's own order, in words.
    n_signal_axes
        Number of trailing axes that make one pattern, image or spectrum.
    load
        Reads a bounded region over all leading axes; called by `read` only.
    stored_block
        Over all axes: what lies together in the file and costs one access, such as a compressed chunk. Empty
        where that is one whole pattern, as in a run of frames.
    load_channels
        Reads bounded slices of the signal axes at every position, ``(*leading, *sliced)``, where the file
        allows it without reading everything; called by `read_channels` only.
    dead_pixels
        Rectangles of the frame that the file says are no measurement. Their values are given as stored.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: tuple[Axis, ...]
    n_signal_axes: int
    load: Callable[[Region], npt.NDArray[Any]] = field(repr=False, compare=False)
    title: str = ""
    intensity_unit: str | None = None
    shape_origin: ShapeOrigin = "file"
    orientation: str = "as stored in the file"
    stored_block: tuple[int, ...] = ()
    load_channels: Callable[[Region], npt.NDArray[Any]] | None = field(
        default=None, repr=False, compare=False
    )
    dead_pixels: tuple[Rectangle, ...] = ()

    def __post_init__(self) -> None:
        if tuple(axis.size for axis in self.axes) != self.shape:
            raise ValueError(f"axes {self.axes} do not describe shape {self.shape}")
        if not 1 <= self.n_signal_axes <= len(self.shape):
            raise ValueError(f"{self.n_signal_axes} signal axes in shape {self.shape}")
        if self.stored_block and len(self.stored_block) != len(self.shape):
            raise ValueError(f"a stored block of {self.stored_block} in shape {self.shape}")

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """Sizes of the axes that a region may cut."""
        return self.shape[: -self.n_signal_axes]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self, region: Region = ()) -> npt.NDArray[Any]:
        """Return the patterns of `region` with whole trailing axes, native-endian and contiguous.

        Memory is bounded by the size of the result, not by the file.

        Raises
        ------
        RegionOutOfRangeError
            If the region leaves the leading axes.
        """
        bounded = plan_region(region, self.leading_shape)
        expected = (*(part.stop - part.start for part in bounded), *self.shape[len(bounded) :])
        return self._check(self.load(bounded), expected)

    def read_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return slices of the signal axes at every position: ``(*leading, *sliced)``.

        Raises
        ------
        RegionOutOfRangeError
            If the region leaves the signal axes, or this file cannot be read so.
        """
        if self.load_channels is None:
            raise RegionOutOfRangeError(f"signal {self.name} is read by whole patterns only")
        bounded = plan_region(region, self.shape[-self.n_signal_axes :])
        expected = (*self.leading_shape, *(part.stop - part.start for part in bounded))
        return self._check(self.load_channels(bounded), expected)

    def _check(self, loaded: npt.NDArray[Any], expected: tuple[int, ...]) -> npt.NDArray[Any]:
        block = np.ascontiguousarray(loaded, dtype=self.dtype)
        if block.shape != expected:
            raise ReadRefusedError(
                Finding(
                    "error",
                    "file_truncated",
                    f"Signal {self.name} gave {block.shape} where {expected} was asked for.",
                    hint="The file holds less than its header says. Upload it again from the original.",
                    layer="reading",
                )
            )
        return block

    def describe(self) -> dict[str, Any]:
        """Return all but the values, as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "shape": list(self.shape),
            "dtype": self.dtype.name,
            "axes": [axis.as_dict() for axis in self.axes],
            "intensity_unit": self.intensity_unit,
            "shape_origin": self.shape_origin,
            "orientation": self.orientation,
            "n_signal_axes": self.n_signal_axes,
        }


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """One measurement, opened lazily: its signals, vendor header and findings. Close it after use."""

    format: str
    reader_version: str
    signals: tuple[SignalSource, ...]
    header: dict[str, Any] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    resources: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)

    def close(self) -> None:
        """Close the files; signals cannot be read afterwards."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class FormatMatch:
    """What one file is, by its content.

    Attributes
    ----------
    format
        Stable id, also for formats that are recognized but not read; None when unknown.
    label
        Name of the format as people write it.
    readable
        False means: kept, and said to be "stored, not read".
    role
        Whether the file opens a measurement, accompanies one, or neither.
    reason
        Which bytes decided.
    refers_to
        Names of other files that the content names (basenames as written, not checked).
    needs_company
        Whether only another file can tell that it is of this format: alone it is of none.
    """

    format: str | None
    label: str
    readable: bool
    role: Role
    reason: str
    refers_to: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    needs_company: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "format": self.format,
            "label": self.label,
            "readable": self.readable,
            "role": self.role,
            "reason": self.reason,
            "refers_to": list(self.refers_to),
            "findings": [finding.as_dict() for finding in self.findings],
            "needs_company": self.needs_company,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build from the JSON form."""
        return cls(
            format=document["format"],
            label=document["label"],
            readable=document["readable"],
            role=document["role"],
            reason=document["reason"],
            refers_to=tuple(document.get("refers_to", ())),
            findings=tuple(Finding(**finding) for finding in document.get("findings", ())),
            needs_company=bool(document.get("needs_company", False)),
        )


@dataclass(frozen=True, slots=True)
class MeasurementFiles:
    """The files of one measurement, by their relative paths in the deposit."""

    primary: str
    format: str
    companions: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """All paths, the primary one first: the order that `open_measurement` takes."""
        return (self.primary, *self.companions)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"primary": self.primary, "format": self.format, "companions": list(self.companions)}


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which files make which measurement; `findings` are keyed by path."""

    measurements: tuple[MeasurementFiles, ...]
    leftovers: tuple[str, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "measurements": [measurement.as_dict() for measurement in self.measurements],
            "leftovers": list(self.leftovers),
            "findings": {
                path: [finding.as_dict() for finding in found] for path, found in self.findings.items()
            },
        }
