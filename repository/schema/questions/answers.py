"""Whether a question of the requirement table is answered: by a value, by a declared gap, or not at all."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from repository.schema.places import find_entries, get_entry, get_plain, get_value, is_gap, is_value
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.quantities.units import UNITS, find_unit_code
from repository.schema.questions.fields import RequirementRow

SCAN_AXES = ("scan_y", "scan_x", "position")
DETECTOR_AXES = ("detector_y", "detector_x")
IMAGE_AXES = ("y", "x", "image_y", "image_x")
SPECTRUM_AXES = ("energy", "wavelength")
_AXES_OF_ROW: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "scan": (SCAN_AXES, frozenset({"length"})),
    "detector": (DETECTOR_AXES, frozenset({"angle", "reciprocal_length"})),
    "image": ((*IMAGE_AXES, *DETECTOR_AXES), frozenset({"length"})),
    "spectrum": (SPECTRUM_AXES, frozenset({"energy", "length"})),
    "time": (("time", "series"), frozenset({"time"})),
    "tilt": (("tilt", "series"), frozenset({"angle"})),
}
"""Axes that answer a row when they are calibrated, and what their unit must measure."""

_FRAME_FIELDS = ("diffraction_pixel_size", "reciprocal_pixel_size", "diffraction_reference", "pixel_size")
AXIS_FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("scan_y", "scan_x"), ("scan_step",)),
    "position": ("scan_step", "scan_positions"),
    **dict.fromkeys(DETECTOR_AXES, _FRAME_FIELDS),
    **dict.fromkeys(IMAGE_AXES, (*_FRAME_FIELDS, "scan_step")),
    "energy": ("energy_axis.bin_width", "energy_axis"),
    "wavelength": ("wavelength_axis.bin_width", "wavelength_axis"),
    "time": ("series_times",),
    "tilt": ("series_tilts", "stage_tilt_x"),
    "focal": ("series_defocus",),
    "defocus": ("series_defocus",),
}
"""Which field calibrates an axis that the file left uncalibrated."""

COUNTED_AXES = frozenset({"channel", "segment", "frame", "index", "series"})
"""Axes that count things: they need no unit. What a series varies is asked by the rows of its kind."""


def find_answer_state(
    row: RequirementRow, document: Mapping[str, Any], signals: Sequence[SignalShape] | None
) -> Literal["value", "gap", "missing"]:
    """Say how the question stands."""
    if row.axes == "all":
        return "missing" if list_unexplained_axes(document, signals or ()) else "value"
    if any(all(_has_value(document, path) for path in paths) for paths in row.answers):
        return "value"
    if row.axes and _axes_answer(row, signals or ()):
        return "value"
    if any(_has_gap(document, path) for paths in row.answers for path in paths):
        return "gap"
    return "missing"


def list_unexplained_axes(
    document: Mapping[str, Any], signals: Sequence[SignalShape]
) -> list[tuple[str, SignalAxis]]:
    """List (signal, axis) whose unit nobody gave: not the file, not `axes`, not a calibrating field.

    An axis with a declared gap stays in samples ("1"); that is stated, not unknown.
    """
    axes = document.get("axes")
    stated = {
        get_plain(axis.get("name"))
        for axis in (axes if isinstance(axes, list) else ())
        if isinstance(axis, Mapping) and is_value(axis.get("unit"))
    }
    return [
        (signal.name, axis)
        for signal in signals
        for axis in signal.axes
        if axis.unit is None
        and axis.name not in stated | COUNTED_AXES
        and not _is_explained(document, axis.name)
    ]


def _is_explained(document: Mapping[str, Any], axis_name: str) -> bool:
    fields = AXIS_FIELDS.get(axis_name, ())
    return any(_has_value(document, path) or _has_gap(document, path) for path in fields)


def find_axes(row: RequirementRow, signals: Sequence[SignalShape]) -> list[SignalAxis]:
    """Return the axes that the row asks about."""
    names, _ = _AXES_OF_ROW[str(row.axes)]
    return [axis for signal in signals for axis in signal.axes if axis.name in names]


def _axes_answer(row: RequirementRow, signals: Sequence[SignalShape]) -> bool:
    _, dimensions = _AXES_OF_ROW[str(row.axes)]
    found = find_axes(row, signals)
    if row.axes == "scan" and row.sized_only:
        return bool(found)
    return bool(found) and all(_is_calibrated(axis, dimensions) for axis in found)


def _is_calibrated(axis: SignalAxis, dimensions: frozenset[str]) -> bool:
    code = find_unit_code(axis.unit) if axis.unit else None
    return code is not None and axis.scale is not None and UNITS[code].dimension in dimensions


def _has_value(document: Mapping[str, Any], path: str) -> bool:
    if path.startswith("links:"):
        role = path.removeprefix("links:")
        links = document.get("links")
        return isinstance(links, list) and any(
            isinstance(link, Mapping) and link.get("role") == role for link in links
        )
    if path.endswith("{}"):  # one value per frame, not a single value
        entry = get_value(document, path.removesuffix("{}"))
        return isinstance(entry, Mapping) and bool({"values", "array"} & set(entry))
    if "[]" not in path:
        entry = get_plain(get_entry(document, path))
        return is_value(entry) or entry is False
    entries = [get_plain(entry) for _, entry in find_entries(document, path)]
    wanted = _count_items(document, path)
    return len(entries) >= max(1, wanted) and all(is_value(entry) or entry is False for entry in entries)


def _count_items(document: Mapping[str, Any], path: str) -> int:
    """Return how many entries the innermost list of the path has: each of them must answer."""
    items = path[: path.rindex("[]")]
    return sum(len(entry) for _, entry in find_entries(document, items) if isinstance(entry, list))


def _has_gap(document: Mapping[str, Any], path: str) -> bool:
    if path.startswith("links:"):
        return False
    return any(is_gap(entry) for place in _list_places(path) for _, entry in find_entries(document, place))


@functools.lru_cache(maxsize=1024)
def _list_places(path: str) -> tuple[str, ...]:
    """Return the field and the groups that it lies in: a gap declared for one is a gap of all in it."""
    parts = path.removesuffix("{}").split(".")
    return tuple(".".join(parts[: depth + 1]).removesuffix("[]") for depth in range(len(parts)))
