"""Axes with the calibration that the metadata give where the file itself has none."""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.documents import get_entry
from repository.schema.quantities import read_quantity

_FIELDS: Mapping[str, tuple[str, int]] = {
    # axis: (field that calibrates it, which part of a (y, x) pair is meant)
    "scan_y": ("scan_step", 0),
    "scan_x": ("scan_step", -1),
    "position": ("scan_step", -1),
    "detector_y": ("diffraction_pixel_size", 0),
    "detector_x": ("diffraction_pixel_size", -1),
    "y": ("pixel_size", 0),
    "x": ("pixel_size", -1),
}


def calibrate_axes(axes: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the axes; one without scale takes it from its field, a range by its middle."""
    return [_calibrate(axis, metadata) for axis in axes]


def _calibrate(axis: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    if axis.get("scale") is not None or axis["name"] not in _FIELDS:
        return dict(axis)
    path, part = _FIELDS[axis["name"]]
    reading = read_quantity(get_entry(metadata, path))
    if reading is None:
        return dict(axis)
    scale = sum(reading.numbers) / len(reading.numbers) if reading.is_range else reading.numbers[part]
    return {**axis, "scale": scale, "unit": reading.unit}
