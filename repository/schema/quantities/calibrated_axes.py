"""Axes with the scales that the metadata give where the file itself has none."""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.quantities.scales import DIFFRACTION_PIXEL_FIELDS, read_pair

_FIELDS: Mapping[str, tuple[Sequence[str], int]] = {
    # axis: (fields that calibrate it, the first first; which part of a (y, x) pair is meant)
    "scan_y": (("scan_step",), 0),
    "scan_x": (("scan_step",), 1),
    "position": (("scan_step",), 1),
    "detector_y": (DIFFRACTION_PIXEL_FIELDS, 0),
    "detector_x": (DIFFRACTION_PIXEL_FIELDS, 1),
    "y": (("pixel_size",), 0),
    "x": (("pixel_size",), 1),
}


def calibrate_axes(axes: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the axes; one without scale takes it from its field, as the facts do."""
    return [_calibrate(axis, metadata) for axis in axes]


def _calibrate(axis: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    if axis.get("scale") is not None or axis["name"] not in _FIELDS:
        return dict(axis)
    fields, part = _FIELDS[axis["name"]]
    answers = (read_pair(metadata, path) for path in fields)
    answer = next((known for known in answers if known is not None), None)
    return dict(axis) if answer is None else {**axis, "scale": answer[0][part], "unit": answer[1]}
