"""What the tags of one DigitalMicrograph image say of its array: type, shape, axes and their roles."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.formats.dm.tags import DataBlock
from ingest.readers.contract import Axis
from ingest.readers.units import calibrated_axis, is_energy, is_reciprocal, is_time, name_frame, to_ucum

# DM data types; complex 5, 27 and 28 are halves of Fourier transforms, 8 and 23 are colors.
DTYPES: dict[int, str] = {
    1: "i2", 2: "f4", 3: "c8", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8", 13: "c16", 14: "?",
    27: "c8", 28: "c16", 39: "i8", 40: "u8",
}  # fmt: skip
FOLDED = {5}
"""Halves whose first row and column lie folded into each other, as the first versions wrote them."""
HALVES = {27, 28}
"""Halves that lie column beside column, from zero frequency outwards."""
COLORS = {8, 23}
COLOR_AXIS = "color"
SAMPLES = 4  # red, green, blue, and how opaque a pixel is
_MOST_COLOR_AXES, _PLANE = 3, 2
_SCAN = ("scan_y", "scan_x")
_SCAN_FIRST, _SCAN_LAST = (0, 1, 2, 3), (2, 3, 0, 1)
_ORDER = ("ImageTags", "Meta Data", "Data Order Swapped")
_SCAN_SIZES = (
    (("Height (pixels)", "Width (pixels)"), ("SI", "Acquisition", "Spatial Sampling")),
    (("Image Height", "Image Width"), ("DigiScan",)),
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One stored dimension with its calibration as the tags hold it."""

    size: int
    scale: float
    origin: float
    unit: str

    def as_axis(self, name: str) -> Axis:
        """Return the axis in UCUM units; DM calibrates as (index - origin) × scale."""
        return calibrated_axis(
            name, self.size, unit=self.unit, scale=self.scale, offset=-self.origin * self.scale
        )


@dataclass(frozen=True, slots=True)
class ArrayPlan:
    """How a stored array is given out.

    `order` is the stored axes (slowest first) in their new order, `names` the roles in the new order. `samples` is how
    many values each of them has: of colors more than one, which are an axis behind those.
    """

    order: tuple[int, ...]
    names: tuple[str, ...]
    n_signal_axes: int
    is_frames: bool = False
    samples: int = 1


def find_tag(tags: Mapping[str, Any], *path: str) -> Any:
    """Return the value at a tag path, or None."""
    item: Any = tags
    for key in path:
        if not isinstance(item, Mapping) or key not in item:
            return None
        item = item[key]
    return item


@dataclass(frozen=True, slots=True)
class DmImage:
    """One entry of the image list."""

    tags: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Name that the file gives the image."""
        name = self.tags.get("Name")
        return name if isinstance(name, str) else ""

    @property
    def data(self) -> DataBlock | None:
        """Where the values lie."""
        block = find_tag(self.tags, "ImageData", "Data")
        return block if isinstance(block, DataBlock) else None

    @property
    def data_type(self) -> int:
        """DM's number of the value type."""
        kind = find_tag(self.tags, "ImageData", "DataType")
        return kind if isinstance(kind, int) else 0

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Stored dimensions, the slowest first; DM lists the fastest first, and of a half those of the whole."""
        sizes = find_tag(self.tags, "ImageData", "Dimensions")
        listed = (
            [size for size in sizes.values() if isinstance(size, int)] if isinstance(sizes, Mapping) else []
        )
        tags = find_tag(self.tags, "ImageData", "Calibrations", "Dimension")
        calibrations = list(tags.values()) if isinstance(tags, Mapping) else []
        dimensions = []
        for index, size in enumerate(listed):
            # Plug-ins write stacks with fewer calibrations than dimensions.
            found = calibrations[index] if index < len(calibrations) else {}
            dimensions.append(_dimension(size, found if isinstance(found, Mapping) else {}))
        if self.is_half and dimensions:
            whole = dimensions[0]
            dimensions[0] = Dimension(whole.size // 2 + 1, whole.scale, 0.0, whole.unit)
        return tuple(reversed(dimensions))

    @property
    def stored_dtype(self) -> np.dtype[Any] | None:
        """Type of the values in the file's byte order, of colors that of one of them; None where none is known."""
        block = self.data
        if self.is_picture and block is not None:
            return np.dtype(np.uint8)
        if self.data_type not in DTYPES or block is None:
            return None
        return np.dtype(DTYPES[self.data_type]).newbyteorder("<" if block.byte_order == "<" else ">")

    @property
    def declared_bytes(self) -> int:
        """Bytes that dimensions and type need."""
        dtype = self.stored_dtype
        values = math.prod(d.size for d in self.dimensions) * (SAMPLES if self.is_picture else 1)
        return values * (dtype.itemsize if dtype else 0)

    def text(self, *path: str) -> str:
        """Return a tag below `ImageTags` as text, empty when it is missing."""
        value = find_tag(self.tags, "ImageTags", *path)
        return value.strip() if isinstance(value, str) else ""

    @property
    def is_spectrum_image(self) -> bool:
        """Whether tags call the image one of spectra."""
        return self.text("Meta Data", "Format") == "Spectrum image" or bool(
            find_tag(self.tags, "ImageTags", "spim")
        )

    @property
    def is_stem(self) -> bool:
        """Whether the beam was scanned."""
        scanned = find_tag(self.tags, "ImageTags", "DigiScan") is not None
        return scanned or "STEM" in self.text("Microscope Info", "Illumination Mode")

    @property
    def stored_unit(self) -> str:
        """Unit text of the stored values: that of the calibration only where this leaves them as they are."""
        found = find_tag(self.tags, "ImageData", "Calibrations", "Brightness")
        calibration = found if isinstance(found, Mapping) else {}
        unit = calibration.get("Units")
        is_plain = calibration.get("Scale", 1.0) == 1 and not calibration.get("Origin", 0.0)
        return unit if isinstance(unit, str) and is_plain else ""

    @property
    def is_half(self) -> bool:
        """Whether the values are half of a Fourier transform: the other half is its conjugate."""
        return self.data_type in HALVES

    @property
    def is_picture(self) -> bool:
        """Whether the values are colors, as those of a thumbnail are."""
        return self.data_type in COLORS


def _dimension(size: int, tags: Mapping[str, Any]) -> Dimension:
    def number(key: str, default: float) -> float:
        value = tags.get(key)
        return float(value) if isinstance(value, int | float) else default

    unit = tags.get("Units")
    return Dimension(size, number("Scale", 1.0), number("Origin", 0.0), unit if isinstance(unit, str) else "")


def plan_array(image: DmImage) -> ArrayPlan | None:
    """Return how the array is given out; None for more than four dimensions, and for colors that make no picture."""
    if image.is_picture:
        return _plan_colors(image)
    plans = {1: _plan_line, 2: _plan_plane, 3: _plan_cube, 4: _plan_scan}
    plan = plans.get(len(image.dimensions))
    return plan(image) if plan else None


def _plan_colors(image: DmImage) -> ArrayPlan | None:
    """Plan a picture in colors, or a series of them."""
    dimensions = image.dimensions
    if not _PLANE <= len(dimensions) <= _MOST_COLOR_AXES:
        return None
    frame = name_frame(*(one.unit for one in dimensions[-_PLANE:]))
    leading = ("series",) * (len(dimensions) - _PLANE)
    order = tuple(range(len(dimensions)))
    return ArrayPlan(order, (*leading, *frame), _PLANE, samples=SAMPLES)


def _spectral_name(image: DmImage) -> str:
    """Return what the spectra of the image are taken over."""
    monarc = find_tag(image.tags, "ImageTags", "Acquisition", "Monarc Spectrometer") is not None
    return "wavelength" if monarc or image.text("Meta Data", "Signal") == "CL" else "energy"


def _plan_line(image: DmImage) -> ArrayPlan:
    signal = image.text("Meta Data", "Signal") in {"EELS", "X-ray", "CL"}
    spectrum = image.text("Meta Data", "Format").startswith("Spectrum")
    if signal or spectrum or is_energy(image.dimensions[0].unit):
        return ArrayPlan((0,), (_spectral_name(image),), 1)
    return ArrayPlan((0,), ("position",), 1)


def _plan_plane(image: DmImage) -> ArrayPlan:
    slow, fast = image.dimensions
    if is_energy(fast.unit) or image.text("Meta Data", "Format").startswith("Spectrum"):
        name = _spectral_name(image)
        return ArrayPlan((1,), (name,), 1) if slow.size == 1 else ArrayPlan((0, 1), ("scan_x", name), 1)
    if is_reciprocal(slow.unit) or is_reciprocal(fast.unit) or not image.is_stem:
        return ArrayPlan((0, 1), name_frame(slow.unit, fast.unit), 2)
    return ArrayPlan((0, 1), ("scan_y", "scan_x"), 2)


def _plan_cube(image: DmImage) -> ArrayPlan:
    slow, middle, fast = image.dimensions
    swapped = bool(find_tag(image.tags, *_ORDER))
    if is_energy(fast.unit) or (image.is_spectrum_image and swapped):
        return ArrayPlan((0, 1, 2), ("scan_y", "scan_x", _spectral_name(image)), 1)
    if is_energy(slow.unit) or image.is_spectrum_image:
        return ArrayPlan((1, 2, 0), ("scan_y", "scan_x", _spectral_name(image)), 1)
    patterns = is_reciprocal(middle.unit) and is_reciprocal(fast.unit)
    leading = "time" if is_time(slow.unit) else "position" if patterns else "series"
    if image.is_stem and not patterns:
        return ArrayPlan((0, 1, 2), (leading, "scan_y", "scan_x"), 2)
    return ArrayPlan((0, 1, 2), (leading, *name_frame(middle.unit, fast.unit)), 2, is_frames=True)


def _plan_scan(image: DmImage) -> ArrayPlan:
    """Find the detector pair by its units, else by the tag that says which pair is stored slowest."""
    reciprocal = [is_reciprocal(dimension.unit) for dimension in image.dimensions]
    swapped = bool(find_tag(image.tags, *_ORDER))
    order = _SCAN_FIRST if swapped else _SCAN_LAST
    if reciprocal == [False, False, True, True]:
        order = _SCAN_FIRST
    elif reciprocal == [True, True, False, False]:
        order = _SCAN_LAST
    frame = name_frame(*(image.dimensions[place].unit for place in order[2:]))
    return ArrayPlan(order, ("scan_y", "scan_x", *frame), 2)


def find_contradiction(image: DmImage, plan: ArrayPlan) -> str:
    """Return what of the header speaks against the axes of an array, as half a sentence; empty where nothing does.

    Units, the tag for the order and the stated size of the scan tell the same, so that a byte that turns one of them is
    seen by the others.
    """
    scan = [place for place, name in zip(plan.order, plan.names, strict=True) if name in _SCAN]
    if len(scan) != _PLANE:
        return ""
    dimensions = image.dimensions
    element = [place for place in plan.order if place not in scan]
    swapped = find_tag(image.tags, *_ORDER)
    is_scan_first = plan.order == tuple(sorted(plan.order))
    if element and plan.names[0] == _SCAN[0] and swapped in (True, False) and swapped != is_scan_first:
        return (
            f"by their units the scan lies {'slowest' if is_scan_first else 'fastest'} in the file, and by the tag "
            "“Data Order Swapped” it does not"
        )
    for pair in (scan, element):
        units = [to_ucum(dimensions[place].unit).unit for place in pair]
        if len(pair) == _PLANE and None not in units and len(set(units)) > 1:
            return f"two that belong together are in {units[0]} and {units[1]}"
    stated = _find_scan_size(image)
    found = [dimensions[place].size for place in scan]
    others = [found[::-1], [dimensions[place].size for place in element]]
    if stated and found != stated and stated in others:
        return f"the scan is said to have {stated[0]} × {stated[1]} positions, and would have {found[0]} × {found[1]}"
    return ""


def _find_scan_size(image: DmImage) -> list[int] | None:
    """Return how many rows and columns the header says were scanned."""
    for names, path in _SCAN_SIZES:
        sizes = [find_tag(image.tags, "ImageTags", *path, name) for name in names]
        if all(isinstance(size, int | float) and size > 0 and float(size).is_integer() for size in sizes):
            return [int(size) for size in sizes]
    return None
