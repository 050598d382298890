"""The third of width, start and end of a spectrum's axis, worked out again where somebody said the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.documents.scales import is_answered_by_person
from repository.schema.places import get_value
from repository.schema.quantities.quantity import Reading, read_quantity
from repository.schema.quantities.signals import SignalShape, list_main_first
from repository.schema.quantities.units import UNITS

_AXES = ("energy", "wavelength")
_PARTS = ("bin_width", "start", "end")
_DIGITS = 10


def fill_spectrum_axes(document: dict[str, Any], signals: Sequence[SignalShape] | None) -> dict[str, Any]:
    """Return the document with what its file said of an axis that a person, or a calibration, has moved since.

    Two of width, start and end make the axis, a person's first, as axes are calibrated. The third, which the file
    said of the axis that held before, would contradict them. A start that only a person's end would move stays: the
    checks ask about that.
    """
    for name in _AXES:
        group = document.get(f"{name}_axis")
        size = _count_channels(name, group, signals)
        if not isinstance(group, Mapping) or size is None:
            continue
        known = {part: one for part in _PARTS if (one := read_quantity(group.get(part))) is not None}
        overruled = _find_overruled(known, document, f"{name}_axis")
        if overruled is None:
            continue
        unit = known[overruled].unit
        said = {part: one.in_unit(unit)[0] for part, one in known.items()}
        number = float(f"{_work_out(overruled, said, size - 1):.{_DIGITS}g}")
        entry = {"value": number, "unit": unit, "basis": "nominal", "source": "derived"}
        document = {**document, f"{name}_axis": {**group, overruled: entry}}
    return document


def _find_overruled(known: Mapping[str, Reading], document: Mapping[str, Any], axis: str) -> str | None:
    """Return the part that the two others, of which a person said one or both, leave without a say."""
    kinds = {UNITS[one.unit].dimension for one in known.values()}
    if len(known) < len(_PARTS) or len(kinds) > 1 or any(len(one.numbers) > 1 for one in known.values()):
        return None
    by_person = [part for part in _PARTS if is_answered_by_person(document, f"{axis}.{part}")]
    rest = [part for part in _PARTS if part not in by_person]
    if len(rest) == 1:
        return rest[0]
    return "end" if len(by_person) == 1 and "end" in rest else None


def _count_channels(name: str, group: Any, signals: Sequence[SignalShape] | None) -> int | None:
    axes = (signal.find_axis(name) for signal in list_main_first(signals or ()))
    sizes = [axis.size for axis in axes if axis is not None]
    stated = get_value(group, "channels") if isinstance(group, Mapping) else None
    size = sizes[0] if sizes else stated
    return size if isinstance(size, int) and size > 1 else None


def _work_out(part: str, said: Mapping[str, float], steps: int) -> float:
    """Return one of width, start and end of an axis of so many steps, by the two others."""
    if part == "end":
        return said["start"] + steps * said["bin_width"]
    if part == "start":
        return said["end"] - steps * said["bin_width"]
    return (said["end"] - said["start"]) / steps
