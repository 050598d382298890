"""What the person's document says that a reader cannot know from the file."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from repository.schema import normalize_document, select_supplied
from repository.schema.documents.levels import KINDS
from repository.schema.places import get_plain

SCAN_DIMENSIONS = 2
_UNSCANNED = frozenset({"tem_image", "diffraction_pattern"})
_AXES = {
    "time": "time",
    "tilt": "tilt",
    "focal": "defocus",
    "rotation": "rotation",
    "temperature": "temperature",
}
"""Axes that readers name after a series; every other one is a `series`."""


def build_hints(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the reader's hints for a file: the scan shape (y, x) that the person gave, or what frames follow."""
    said: dict[str, Any] = {}
    for label, layer in select_supplied(document, path):
        if not label.startswith(f"{KINDS}/"):  # which kind it is, is known once it was opened
            said.update(
                {key: layer[key] for key in ("scan_shape", "scan", "series", "technique") if key in layer}
            )
    # It may be typed: 256 × 128.
    plain = {key: get_plain(value) for key, value in normalize_document(said).items()}
    shape = plain.get("scan_shape")
    if _is_shape(shape):
        return {"scan_shape": list(shape)}
    axis = _name_frame_axis(plain.get("scan"), plain.get("series"), plain.get("technique"))
    return {} if axis is None else {"frame_axis": axis}


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
