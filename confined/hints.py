"""What the person's document says that a reader cannot know from the file."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from repository.schema import normalize_document, select_supplied
from repository.schema.documents.levels import KINDS
from repository.schema.places import get_plain
from repository.schema.questions.fields import load_catalogue

SCAN_DIMENSIONS = 2
_UNSCANNED = frozenset({"tem_image", "diffraction_pattern"})
_HEARD = ("scan_shape", "scan", "series", "technique")
_AXES = {
    "time": "time",
    "tilt": "tilt",
    "focal": "defocus",
    "rotation": "rotation",
    "temperature": "temperature",
}
"""Axes that readers name after a series; every other one is a `series`."""


def build_hints(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the reader's hints for a file.

    They are the scan shape (y, x) that the person gave, or what frames follow; and what is said of an array that the
    file does not describe.
    """
    said: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for label, layer in select_supplied(document, path):
        if not label.startswith(f"{KINDS}/"):  # which kind it is, is known once it was opened
            said.update({key: layer[key] for key in _HEARD if key in layer})
            arrays.update(layer["array"] if isinstance(layer.get("array"), Mapping) else {})
    # It may be typed: 256 × 128.
    normal = normalize_document({**said, "array": arrays})
    plain = {key: get_plain(value) for key, value in normal.items()}
    answers = _read_array(plain.get("array"))
    hints: dict[str, Any] = {"array": answers} if answers else {}
    shape = plain.get("scan_shape")
    if _is_shape(shape):
        return {"scan_shape": list(shape), **hints}
    axis = _name_frame_axis(plain.get("scan"), plain.get("series"), plain.get("technique"))
    return hints if axis is None else {"frame_axis": axis, **hints}


def _read_array(group: Any) -> dict[str, Any]:
    """Return what is said of the array, as far as it can be so; what cannot is told by the checks of the document."""
    if not isinstance(group, Mapping):
        return {}
    plain = {key: get_plain(value) for key, value in group.items()}
    words = load_catalogue().words
    found: dict[str, Any] = {
        key: plain[key]
        for key, allowed in (("dtype", words("array_dtype")), ("byte_order", words("byte_order")))
        if plain.get(key) in allowed
    }
    found |= {key: plain[key] for key in ("offset", "gap") if _is_whole(plain.get(key), 0)}
    if isinstance(plain.get("dataset"), str) and plain["dataset"]:
        found["dataset"] = plain["dataset"]
    axes = plain.get("axes")
    if isinstance(axes, list) and axes and set(map(str, axes)) <= set(words("array_axis")):
        found["axes"] = list(axes)
    shape = plain.get("shape")
    if isinstance(shape, list) and shape and all(_is_whole(size, 1) for size in shape):
        found["shape"] = list(shape)
    return found


def _is_whole(number: Any, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= least


def _is_shape(shape: Any) -> TypeGuard[Sequence[int]]:
    return (
        isinstance(shape, list | tuple)
        and len(shape) == SCAN_DIMENSIONS
        and all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in shape)
    )


def _name_frame_axis(scan: Any, series: Any, technique: Any) -> str | None:
    """Return what a run of frames follows that is no raster.

    A series alone does not tell: it may run over files each of which is a scan.
    """
    if scan == "positions":
        return "position"
    if not isinstance(series, str) or series == "none":
        return None
    is_unscanned = isinstance(technique, list) and technique and _UNSCANNED.issuperset(technique)
    if scan in ("none", "point") or (scan is None and is_unscanned):
        return _AXES.get(series, "series")
    return None
