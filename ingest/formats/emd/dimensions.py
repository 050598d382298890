"""Dimension vectors of EMD groups: name, unit and step of each axis, and what the axes are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import h5py

from ingest.readers.contract import Axis
from ingest.readers.hdf5.attributes import find_text
from ingest.readers.hdf5.vectors import read_steps
from ingest.readers.signal_names import slug
from ingest.readers.units import (
    calibrated_axis,
    is_energy,
    is_length,
    is_reciprocal,
    is_time,
    name_frame,
    to_ucum,
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis as the file describes it; `scale` is None where the vector says none.

    Attributes
    ----------
    is_labels
        Whether the positions are names: slices of a stack, as emdfile calls them.
    is_listed
        Whether the array lists values of this very name and unit, such as the thresholds of a counting camera at each
        position (fpd): the unit is that of the values, and the positions only number them.
    """

    size: int
    name: str = ""
    unit: str = ""
    scale: float | None = None
    offset: float = 0.0
    is_labels: bool = False
    is_listed: bool = False

    def as_axis(self, role: str) -> Axis:
        """Return the axis in UCUM units."""
        if self.is_threshold:
            return Axis(role, self.size)
        return calibrated_axis(role, self.size, unit=self.unit, scale=self.scale, offset=self.offset)

    @property
    def label(self) -> str:
        """Name in lower case without marks, such as `rx` or `scany`."""
        return slug(self.name).replace("_", "")

    @property
    def is_threshold(self) -> bool:
        """Whether the positions are energy thresholds or other settings of a camera, and no spectrum."""
        return self.is_listed or any(word in self.label for word in _THRESHOLD_LABELS)


def read_dimensions(group: h5py.Group, dataset: h5py.Dataset) -> tuple[Dimension, ...]:
    """Return the dimensions of an array: NCEM counts `dim1` onwards, emdfile `dim0`."""
    first = 0 if "dim0" in group else 1
    values = (find_text(dataset, "name"), find_text(dataset, "units"))
    found = [_read_dimension(group, f"dim{first + axis}", size) for axis, size in enumerate(dataset.shape)]
    return tuple(
        replace(dimension, is_listed=bool(values[0]) and (dimension.name, dimension.unit) == values)
        for dimension in found
    )


_PRISMATIC_UNITS = {"[n_m]": "Ao", "[n_m^-1]": "Ao-1", "[1/n_m]": "Ao-1", "[mrad]": "rad"}
_THRESHOLD_LABELS = ("threshold", "colour", "color")


def correct_prismatic(dimension: Dimension) -> Dimension:
    """Return a dimension of Prismatic 2 with its true unit.

    It writes probe positions in ångström labelled ``[n_m]`` (a silicon cell of 5.43 spans 22 steps of 0.25),
    spatial frequencies in 1/Å labelled ``[n_m^-1]``, and detector bins in rad labelled ``[mrad]``.
    """
    return replace(dimension, unit=_PRISMATIC_UNITS.get(dimension.unit.strip(), dimension.unit))


def _read_dimension(group: h5py.Group, key: str, size: int) -> Dimension:
    if not isinstance(group.get(key, getlink=True), h5py.HardLink) or not isinstance(
        group[key], h5py.Dataset
    ):
        return Dimension(size)
    vector = group[key]
    scale, offset = read_steps(vector, size)
    is_labels = h5py.check_string_dtype(vector.dtype) is not None
    return Dimension(size, find_text(vector, "name"), find_text(vector, "units"), scale, offset, is_labels)


_SCAN_Y, _SCAN_X = ("scany", "ry", "y"), ("scanx", "rx", "x")
_DETECTOR_MARKS = ("det", "q", "k")
_IMAGE_CLASSES = {"RealSlice", "VirtualImage", "ParametrizedImage"}
_PATTERN_CLASSES = {"DiffractionSlice", "VirtualDiffraction", "Probe"}


def name_axes(dimensions: Sequence[Dimension], *, kind: str, is_stem: bool) -> tuple[tuple[str, ...], int]:
    """Return the roles of the axes in stored order, and how many trailing ones make one pattern.

    Parameters
    ----------
    dimensions
        Stored axes, the slowest first; py4DSTEM calls the slower axis of a pair x.
    kind
        Class name that py4DSTEM or emdfile gave the array, or empty.
    is_stem
        Whether the microscope was scanning, which decides what a plain image is.
    """
    count = len(dimensions)
    if dimensions[-1].is_threshold:
        return _name_thresholds(dimensions), 1
    if count == 1:
        return (_spectral(dimensions[0]) or "position",), 1
    if count == 2:  # noqa: PLR2004
        return _name_plane(dimensions, kind=kind, is_stem=is_stem)
    if count == 3:  # noqa: PLR2004
        return _name_cube(dimensions, is_stem=is_stem)
    frame = _name_frame(dimensions)
    if _is_scan_pair(dimensions[:2]) and count > 4:  # noqa: PLR2004 - further axes stand in between
        between = _unique([_series(dimension) for dimension in dimensions[2:-2]])
        return ("scan_y", "scan_x", *between, *frame), 2
    series = _unique([_series(dimension) for dimension in dimensions[:-4]])
    return (*series, "scan_y", "scan_x", *frame), 2


def _name_thresholds(dimensions: Sequence[Dimension]) -> tuple[str, ...]:
    """Return the roles of an array that ends in settings of a camera."""
    last = slug(dimensions[-1].name) or "channel"
    if len(dimensions) > 2 and _is_scan_pair(dimensions[:2]):  # noqa: PLR2004
        return ("scan_y", "scan_x", *_unique([_series(d) for d in dimensions[2:-1]]), last)
    return (*_unique([_series(dimension) for dimension in dimensions[:-1]]), last)


def _spectral(dimension: Dimension) -> str | None:
    if is_energy(dimension.unit) or "energy" in dimension.label:
        return "energy"
    if "angle" in dimension.label:
        return "scattering_angle"
    return None


def _is_scan_pair(pair: Sequence[Dimension]) -> bool:
    labels = {dimension.label for dimension in pair}
    return labels <= {"scany", "scanx"} or labels == {"rx", "ry"}


def _is_detector_pair(pair: Sequence[Dimension]) -> bool:
    marked = all(dimension.label.startswith(_DETECTOR_MARKS) for dimension in pair)
    return marked or all(is_reciprocal(dimension.unit) for dimension in pair)


def _name_frame(dimensions: Sequence[Dimension]) -> tuple[str, str]:
    return name_frame(*(dimension.unit for dimension in dimensions[-2:]))


def _name_plane(dimensions: Sequence[Dimension], *, kind: str, is_stem: bool) -> tuple[tuple[str, ...], int]:
    spectral = _spectral(dimensions[1])
    if spectral:
        return ("scan_x", spectral), 1
    if kind in _PATTERN_CLASSES or _is_detector_pair(dimensions):
        return ("detector_y", "detector_x"), 2
    lengths = all(is_length(dimension.unit) for dimension in dimensions)
    if kind in _IMAGE_CLASSES or _is_scan_pair(dimensions) or (is_stem and lengths):
        return ("scan_y", "scan_x"), 2
    return _name_frame(dimensions), 2


def _name_cube(dimensions: Sequence[Dimension], *, is_stem: bool) -> tuple[tuple[str, ...], int]:
    spectral = _spectral(dimensions[2])
    if dimensions[2].is_labels:
        return ("scan_y", "scan_x", "channel"), 1
    if {dimension.label for dimension in dimensions} == {"rx", "ry", "rz"}:  # a volume; no scan made it
        return ("y", "x", "z"), 1
    if spectral or _is_scan_pair(dimensions[:2]):
        return ("scan_y", "scan_x", spectral or slug(dimensions[2].name) or "channel"), 1
    if _is_detector_pair(dimensions[1:]):
        named = _series(dimensions[0])
        return ("position" if named == "series" else named, *_name_frame(dimensions)), 2
    planes = ("scan_y", "scan_x") if is_stem else _name_frame(dimensions)
    return (_series(dimensions[0]), *planes), 2


def _series(dimension: Dimension) -> str:
    if dimension.is_threshold:
        return "threshold"
    if is_time(dimension.unit):
        return "time"
    if to_ucum(dimension.unit).unit == "deg":
        return "tilt"
    return "series"


def _unique(names: list[str]) -> tuple[str, ...]:
    return tuple(
        name if names.count(name) == 1 else f"{name}_{index + 1}" for index, name in enumerate(names)
    )
