"""What a record says without saying it: filled in where nobody stated it, with the source that tells so.

`derived` follows from what was said; `assumed` is what nearly every file of its kind is, until somebody says otherwise.
Both are shown as such, give way to any answer, and are asked of nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.documents.spectrum_axes import fill_spectrum_axes
from repository.schema.places import get_value, is_gap
from repository.schema.quantities.elements import find_elements, read_formula
from repository.schema.quantities.quantity import read_quantity
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.cameras import find_camera_mode
from repository.schema.questions.fields import RequirementRow, load_catalogue
from repository.schema.questions.requirements import find_level
from repository.schema.questions.situation import work_out_situation

_PATTERN = "scan_pattern"


def fill_worked_out(document: dict[str, Any], signals: Sequence[SignalShape] | None = None) -> dict[str, Any]:
    """Return a merged document with the mode of its camera, the elements of its sample and the pattern of its scan.

    Where a spectrum ends follows from what somebody said over the file.

    Parameters
    ----------
    signals
        Its arrays; without them nothing is assumed of the scan.
    """
    filled = _fill_elements(_fill_camera_mode(fill_spectrum_axes(document, signals)))
    return _fill_scan_pattern(filled, signals)


def _fill_camera_mode(document: dict[str, Any]) -> dict[str, Any]:
    """Fill in the mode that the camera's name settles."""
    mode, camera = find_camera_mode(document), document.get("camera")
    if mode is None or not isinstance(camera, Mapping) or not _is_open(camera.get("mode")):
        return document
    return {**document, "camera": {**camera, "mode": {"value": mode, "source": "derived"}}}


def _fill_elements(document: dict[str, Any]) -> dict[str, Any]:
    """Fill in the elements that formula or name of the sample tell: others search by them."""
    sample = document.get("sample")
    if not isinstance(sample, Mapping) or "elements" in sample:
        return document
    formula, name = get_value(sample, "formula"), get_value(sample, "name")
    elements = read_formula(formula) if isinstance(formula, str) else ()
    if not elements and isinstance(name, str):
        elements = find_elements(name)
    if not elements:
        return document
    return {**document, "sample": {**sample, "elements": {"value": list(elements), "source": "derived"}}}


def _fill_scan_pattern(document: dict[str, Any], signals: Sequence[SignalShape] | None) -> dict[str, Any]:
    """Fill in the pattern of rows and columns: by what is said of the flyback, else as nearly all scans are."""
    (row,) = (row for row in load_catalogue().rows if row.path == _PATTERN)
    if signals is None or not _is_raster_asked(row, document, signals):
        return document
    stated = document.get(_PATTERN)
    if _flies_back(document) and _is_open(stated):
        return {**document, _PATTERN: {"value": "raster", "source": "derived"}}
    if stated is None:
        return {**document, _PATTERN: {"value": "raster", "source": "assumed"}}
    return document


def _is_raster_asked(
    row: RequirementRow, document: Mapping[str, Any], signals: Sequence[SignalShape]
) -> bool:
    situation = work_out_situation(document, signals)
    return (
        bool(situation.techniques) and situation.scan == "raster" and find_level(row, situation) is not None
    )


def _flies_back(document: Mapping[str, Any]) -> bool:
    """Whether a time or columns of flyback are said: the probe then went back at the end of each row."""
    time = read_quantity(document.get("flyback_time"))
    columns = get_value(document, "flyback_pixels")
    return (isinstance(columns, int) and columns > 0) or (time is not None and min(time.numbers) > 0)


def _is_open(stated: Any) -> bool:
    """Whether nothing is said, or only that it was not recorded, which hides nothing that is known."""
    return stated is None or (is_gap(stated) and stated["missing"] != "withheld")
