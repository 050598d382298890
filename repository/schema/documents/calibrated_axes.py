"""Axes as the record has them: the one place that makes calibrated axes of an array as read and the merged record.

Coordinates, scale bars, facts, `zarr.json`, the API and pages ask here. A field of the record (header, person and
defaults merged) wins over the axis in the file; of several fields, one that a person answered. Fields speak of the main
array, or of the first that has axes of their kind; another one follows where it shares length and calibration with it:
a survey image is a view of its own. To calibrate what is calibrated changes nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from repository.schema.documents.scales import (
    DETECTOR_AXES,
    DIFFRACTION_PIXEL_FIELDS,
    IMAGE_AXES,
    SCAN_AXES,
    choose_image_fields,
    is_answered_by_person,
    order_answers,
    read_pair,
)
from repository.schema.documents.signal_kind import decide_signal_kinds
from repository.schema.places import get_entry, get_plain
from repository.schema.quantities.quantity import is_number, read_quantity
from repository.schema.quantities.signals import SignalAxis, SignalKind, SignalShape, list_main_first
from repository.schema.quantities.units import UNITS, convert, find_unit_code

SAME = 2e-6
"""Relative: headers hold 32-bit floats, and the record keeps seven digits of them."""

_PARTS: Mapping[str, int] = {
    # which part of a (y, x) pair is meant
    **dict.fromkeys(("scan_y", "detector_y", "y", "image_y"), 0),
    **dict.fromkeys(("scan_x", "position", "detector_x", "x", "image_x"), 1),
}
_FRAME = (*DETECTOR_AXES, *IMAGE_AXES)
_NAMES = (SCAN_AXES, DETECTOR_AXES, IMAGE_AXES)
_SPECTRA = {"energy": "energy", "wavelength": "length"}
_SPECTRUM_PARTS = ("bin_width", "start", "end")
_DIMENSIONS: Mapping[str, frozenset[str]] = {
    "scan_step": frozenset({"length"}),
    "pixel_size": frozenset({"length"}),
    "diffraction_pixel_size": frozenset({"angle", "reciprocal_length"}),
    "reciprocal_pixel_size": frozenset({"reciprocal_length"}),
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a field says of an axis: a positive step, and where its lowest sample lies, if it says that."""

    field: str
    step: float
    unit: str
    start: float | None = None
    calibration: str | None = None


@dataclass(frozen=True, slots=True)
class _Record:
    """The merged record beside the arrays of which it speaks, the main one first, and what they are."""

    document: Mapping[str, Any]
    ordered: tuple[SignalShape, ...]
    kinds: Mapping[str, SignalKind | None]


def calibrate_signals(
    signals: Sequence[SignalShape] | None, document: Mapping[str, Any]
) -> tuple[SignalShape, ...]:
    """Return the arrays with their axes as the record has them.

    An axis keeps its direction, and the sample that lies at zero stays there, unless the record says where the axis
    begins. It keeps the unit of the file where that measures the same.

    Parameters
    ----------
    signals
        As they were read.
    document
        The merged record.
    """
    ordered = list_main_first(signals or ())
    kinds = {name: decision.kind for name, decision in decide_signal_kinds(ordered, document).items()}
    record = _Record(document, ordered, kinds)
    return tuple(
        replace(signal, axes=tuple(_calibrate(axis, signal, record) for axis in signal.axes))
        for signal in signals or ()
    )


def describe_axes(read: SignalShape, calibrated: SignalShape) -> list[dict[str, Any]]:
    """Return calibrated axes as they are shown: which field says so, and beside it what the file itself says.

    `in_file` is None where the axis is as the file has it.
    """
    return [
        {
            **axis.as_dict(),
            "said_by": axis.said_by,
            "calibration": axis.calibration,
            "in_file": None
            if axis.scaling == own.scaling
            else {"unit": own.unit, "scale": own.scale, "offset": own.offset, **_list_positions(own)},
        }
        for own, axis in zip(read.axes, calibrated.axes, strict=True)
    ]


def _list_positions(axis: SignalAxis) -> dict[str, Any]:
    return {} if axis.positions is None else {"positions": list(axis.positions)}


def _calibrate(axis: SignalAxis, signal: SignalShape, record: _Record) -> SignalAxis:
    alike = next((names for names in _NAMES if axis.name in names), (axis.name,))
    meant = next(one for one in record.ordered if any(each.name in alike for each in one.axes))
    if meant.name != signal.name and not _is_shared(axis, meant.find_axis(axis.name)):
        return axis
    answer = _find_answer(axis, signal, record)
    if answer is None:
        return axis
    answer = _in_unit_of(axis, answer)
    return replace(axis, calibration=answer.calibration) if _agrees(axis, answer) else _apply(axis, answer)


def _is_shared(axis: SignalAxis, other: SignalAxis | None) -> bool:
    """Return whether two axes of one name are the same samples, as far as the file says."""
    if other is None or axis.size != other.size:
        return False
    if axis.scale is None or axis.unit is None:
        return True
    return axis.unit == other.unit and other.scale is not None and _is_near(axis.scale, other.scale)


def _find_answer(axis: SignalAxis, signal: SignalShape, record: _Record) -> _Answer | None:
    found = (
        _read_spectrum(axis, record.document)
        if axis.name in _SPECTRA
        else _read_step(axis, _list_fields(axis, signal, record), record.document)
    )
    return found or (_read_stated(axis, record.document) if signal.name == record.ordered[0].name else None)


def _list_fields(axis: SignalAxis, signal: SignalShape, record: _Record) -> tuple[str, ...]:
    """Return the fields that may calibrate an axis, the first first: those of what its frame shows."""
    if axis.name in SCAN_AXES:
        return ("scan_step",)
    if axis.name not in _FRAME:
        return ()
    kind = record.kinds[signal.name] or ""
    if kind.startswith("color_image") and _measure(axis.unit or "") in _DIMENSIONS["diffraction_pixel_size"]:
        return DIFFRACTION_PIXEL_FIELDS  # a pattern, drawn in colors
    if kind.startswith(("image", "color_image")):
        return choose_image_fields(record.document, record.ordered)
    if kind.startswith("pattern") or any(one.name not in _FRAME for one in signal.axes[-2:]):
        return (
            DIFFRACTION_PIXEL_FIELDS  # beside an axis of energies, too, a detector's axis is one of momentum
        )
    return ()


def _read_step(axis: SignalAxis, fields: Sequence[str], document: Mapping[str, Any]) -> _Answer | None:
    part = _PARTS.get(axis.name)
    if part is None:
        return None
    for field in order_answers(document, fields):
        pair = read_pair(document, field)
        if pair is None or UNITS[pair[1]].dimension not in _DIMENSIONS[field]:
            continue
        if all(_is_step(side) for side in pair[0]):
            return _Answer(field, pair[0][part], pair[1], calibration=name_calibration(document, field))
    return None


def _read_spectrum(axis: SignalAxis, document: Mapping[str, Any]) -> _Answer | None:
    """Return what the record says of a spectrum's axis: two of width, start and end make it, a person's first."""
    dimension = _SPECTRA[axis.name]
    known: dict[str, float] = {}
    unit = axis.unit if axis.unit and _measure(axis.unit) == dimension else None
    for part in _SPECTRUM_PARTS:
        reading = read_quantity(get_entry(document, f"{axis.name}_axis.{part}"))
        if reading is None or UNITS[reading.unit].dimension != dimension:
            continue
        if len(reading.numbers) > 1 and not reading.is_range:
            continue
        unit = unit or reading.unit
        known[part] = convert(math.fsum(reading.numbers) / len(reading.numbers), reading.unit, unit)
    by_whom = sorted(known, key=lambda part: not is_answered_by_person(document, f"{axis.name}_axis.{part}"))
    chosen = {part: known[part] for part in by_whom[:2]}
    if len(chosen) < 2 or unit is None or not all(map(math.isfinite, chosen.values())):  # noqa: PLR2004 - two make it
        return None
    steps = axis.size - 1
    width = chosen.get("bin_width")
    if width is None:
        width = (chosen["end"] - chosen["start"]) / steps if steps else 0.0
    if not _is_step(width):
        return None
    start = chosen["start"] if "start" in chosen else chosen["end"] - steps * width
    fields = [f"{axis.name}_axis.{part}" for part in chosen]
    named = dict.fromkeys(filter(None, (name_calibration(document, field) for field in fields)))
    return _Answer(f"{axis.name}_axis", width, unit, start, " ".join(named) or None)


def _read_stated(axis: SignalAxis, document: Mapping[str, Any]) -> _Answer | None:
    """Return what `axes` of the record says, where no field of its own does."""
    stated = document.get("axes")
    for entry in stated if isinstance(stated, list) else ():
        if not isinstance(entry, Mapping) or get_plain(entry.get("name")) != axis.name:
            continue
        unit, scale, offset = (get_plain(entry.get(key)) for key in ("unit", "scale", "offset"))
        code = find_unit_code(unit) if isinstance(unit, str) else None
        if code is None or not is_number(scale) or not _is_step(abs(scale)):
            return None
        if not is_number(offset) or not math.isfinite(offset):
            return _Answer("axes", abs(scale), code)
        return _Answer("axes", abs(scale), code, min(offset, offset + scale * (axis.size - 1)))
    return None


def _in_unit_of(axis: SignalAxis, answer: _Answer) -> _Answer:
    """Return the answer in the unit of the file, where that measures the same."""
    unit = find_unit_code(axis.unit) if axis.unit else None
    if unit is None or unit == answer.unit or UNITS[unit].dimension != UNITS[answer.unit].dimension:
        return answer
    start = None if answer.start is None else convert(answer.start, answer.unit, unit)
    return replace(answer, step=convert(answer.step, answer.unit, unit), unit=unit, start=start)


def _agrees(axis: SignalAxis, answer: _Answer) -> bool:
    if axis.unit is None or find_unit_code(axis.unit) != answer.unit:
        return False
    if axis.positions is not None:
        return _has_ends(axis.positions, answer)
    if axis.scale is None or not _is_near(abs(axis.scale), answer.step):
        return False
    lowest = min(axis.offset, axis.offset + axis.scale * (axis.size - 1))
    start = answer.start
    return start is None or abs(lowest - start) <= SAME * (abs(start) + answer.step)


def _has_ends(positions: Sequence[float], answer: _Answer) -> bool:
    """Return whether an answer says no more than where listed samples begin and end: the list says what is between."""
    lowest, highest = min(positions), max(positions)
    mean = (highest - lowest) / max(len(positions) - 1, 1)
    tolerance = SAME * (abs(lowest) + abs(highest))
    is_begun = answer.start is not None and abs(answer.start - lowest) <= tolerance
    return is_begun and abs(answer.step - mean) * (len(positions) - 1) <= 2 * tolerance


def _apply(axis: SignalAxis, answer: _Answer) -> SignalAxis:
    is_calibrated = bool(axis.scale) and axis.unit is not None
    is_reversed = is_calibrated and (axis.scale or 0.0) < 0
    scale = -answer.step if is_reversed else answer.step
    if answer.start is not None:
        offset = answer.start + (axis.size - 1) * answer.step if is_reversed else answer.start
    else:
        offset = axis.offset / (axis.scale or 1.0) * scale if is_calibrated else 0.0
    return SignalAxis(
        axis.name, axis.size, answer.unit, scale, offset + 0.0, answer.field, answer.calibration
    )


def name_calibration(document: Mapping[str, Any], path: str) -> str | None:
    """Return which number of which calibration a value of the merged record is from; None where it is from none."""
    entry = get_entry(document, path)
    named = entry.get("calibration") if isinstance(entry, Mapping) else None
    return named if isinstance(named, str) else None


def list_scaling_fields(
    signals: Sequence[SignalShape], document: Mapping[str, Any]
) -> dict[str, frozenset[str]]:
    """Return by the name of each array the fields of the record that can say where the samples of its axes lie."""
    ordered = list_main_first(signals)
    kinds = {name: decision.kind for name, decision in decide_signal_kinds(ordered, document).items()}
    record = _Record(document, ordered, kinds)
    return {
        signal.name: frozenset(
            field
            for axis in signal.axes
            for field in (
                [f"{axis.name}_axis.{part}" for part in _SPECTRUM_PARTS]
                if axis.name in _SPECTRA
                else _list_fields(axis, signal, record)
            )
        )
        for signal in ordered
    }


def _measure(unit: str | None) -> str | None:
    code = find_unit_code(unit) if unit else None
    return None if code is None else UNITS[code].dimension


def _is_step(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _is_near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME)
