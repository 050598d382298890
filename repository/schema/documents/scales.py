"""Scales of axes: what the document says of them, and the arrays themselves where it is silent."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.places import get_entry
from repository.schema.quantities.electrons import compute_wavelength
from repository.schema.quantities.quantity import is_number, read_quantity
from repository.schema.quantities.signals import SignalAxis, SignalShape, list_main_first
from repository.schema.quantities.units import ELEMENTARY_CHARGE_C, UNITS, find_unit_code, to_si
from repository.schema.questions.situation import work_out_situation

Pair = tuple[float, float]

DIFFRACTION_PIXEL_FIELDS = ("diffraction_pixel_size", "reciprocal_pixel_size")
"""The answers that calibrate the detector, the first first."""

DETECTOR_AXES = ("detector_y", "detector_x")
SCAN_AXES = ("scan_y", "scan_x", "position")
IMAGE_AXES = ("image_y", "image_x", "y", "x")
_FROM_FILE = frozenset({"header", "derived", "assumed"})


@dataclass(frozen=True, slots=True)
class AxisRange:
    """Centers of the first and last channel and the width of one, all in eV."""

    start: float | None
    end: float | None
    bin_width: float | None


def is_answered_by_person(document: Mapping[str, Any], path: str) -> bool:
    """Return whether a person, or an instrument's record, said what stands at a path; else it was made of the file."""
    entry = get_entry(document, path)
    source = entry.get("source") if isinstance(entry, Mapping) else None
    return not (isinstance(source, str) and source in _FROM_FILE)


def order_answers(document: Mapping[str, Any], paths: Sequence[str]) -> list[str]:
    """Return the paths at which a (y, x) quantity stands: those that a person answered, then those of the file."""
    answered = [path for path in paths if read_pair(document, path) is not None]
    return sorted(answered, key=lambda path: not is_answered_by_person(document, path))


def choose_image_fields(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None
) -> tuple[str, ...]:
    """Return the fields that say how large a pixel of an image is; of an image that was scanned, also the step.

    Beside an array with scan axes an image is a survey: the step is theirs.
    """
    names = {axis.name for signal in signals or () for axis in signal.axes}
    is_scanned = (
        bool(names & set(IMAGE_AXES))
        and not names & set(SCAN_AXES)
        and work_out_situation(document, signals).scanned
    )
    return ("pixel_size", "scan_step") if is_scanned else ("pixel_size",)


def find_scalar(document: Mapping[str, Any], path: str) -> float | None:
    """Return a quantity in SI: the middle of a range; None for absent, malformed and several values."""
    reading = read_quantity(get_entry(document, path))
    if reading is None or (len(reading.numbers) > 1 and not reading.is_range):
        return None
    numbers = reading.in_si()
    if not all(math.isfinite(number) for number in numbers):
        return None  # too large for a number; the range checks have said so
    return math.fsum(numbers) / len(numbers)


def read_pair(document: Mapping[str, Any], path: str) -> tuple[Pair, str] | None:
    """Return a (y, x) quantity in the unit of the answer; one number, or the middle of a range, stands for both."""
    reading = read_quantity(get_entry(document, path))
    if reading is None:
        return None
    numbers = reading.numbers
    if reading.is_range:
        middle = math.fsum(numbers) / len(numbers)
        return (middle, middle), reading.unit
    return ((numbers[0], numbers[-1]), reading.unit) if len(numbers) <= len(("y", "x")) else None


def find_pair(document: Mapping[str, Any], path: str) -> Pair | None:
    """Return a (y, x) quantity in SI, read as `read_pair` does."""
    found = read_pair(document, path)
    if found is None:
        return None
    (y, x), unit = found
    pair = to_si(y, unit), to_si(x, unit)
    return pair if all(map(math.isfinite, pair)) else None


def find_wavelength(document: Mapping[str, Any]) -> float | None:
    """Return the wavelength of the electrons in m, where an acceleration voltage is known."""
    voltage = find_scalar(document, "acceleration_voltage")
    return compute_wavelength(voltage) if voltage is not None and voltage > 0 else None


def find_lengths(
    document: Mapping[str, Any], path: str, signals: Sequence[SignalShape] | None, names: tuple[str, ...]
) -> Pair | None:
    """Return a length per sample (y, x) in m: the document's, else that of the named axes."""
    return find_pair(document, path) or find_axis_scales(signals, names, "length")


def find_scan_step(document: Mapping[str, Any], signals: Sequence[SignalShape] | None) -> Pair | None:
    """Return the scan step (y, x) in m; a line's single step stands for both."""
    return find_lengths(document, "scan_step", signals, ("scan_y", "scan_x"))


def find_axis_scales(
    signals: Sequence[SignalShape] | None, names: tuple[str, ...], dimension: str
) -> Pair | None:
    """Return |scale| of the named axes in SI where all that exist are calibrated in that dimension."""
    for signal in signals or ():
        scales = [_read_scale(axis, dimension) for axis in signal.axes if axis.name in names]
        known = [scale for scale in scales if scale is not None]
        if known and len(known) == len(scales):
            return known[0], known[-1]
    return None


def _read_scale(axis: SignalAxis, dimension: str) -> float | None:
    code = find_unit_code(axis.unit) if axis.unit else None
    if (
        code is None
        or axis.scale is None
        or UNITS[code].dimension != dimension
        or not math.isfinite(axis.scale)
    ):
        return None
    return abs(to_si(axis.scale, code))


def find_diffraction_pixel(document: Mapping[str, Any], signals: Sequence[SignalShape] | None) -> Pair | None:
    """Return the angle per diffraction pixel (y, x) in rad; from reciprocal lengths by θ = k λ."""
    wavelength = find_wavelength(document)
    for path in order_answers(document, DIFFRACTION_PIXEL_FIELDS):
        answer, pair = read_pair(document, path), find_pair(document, path)
        if answer is None or pair is None:
            continue
        if UNITS[answer[1]].dimension == "angle":
            return pair
        if wavelength is not None:
            return pair[0] * wavelength, pair[1] * wavelength
    names = (*DETECTOR_AXES, *IMAGE_AXES)
    angles = find_axis_scales(signals, names, "angle")
    if angles is not None or wavelength is None:
        return angles
    reciprocal = find_axis_scales(signals, names, "reciprocal_length")
    return None if reciprocal is None else (reciprocal[0] * wavelength, reciprocal[1] * wavelength)


def find_energy_range(document: Mapping[str, Any], signals: Sequence[SignalShape] | None) -> AxisRange | None:
    """Return the energy axis in eV: that of the first array which has one, calibrated, else the document's."""
    axes = [
        axis for signal in list_main_first(signals or ()) if (axis := signal.find_axis("energy")) is not None
    ]
    axis = axes[0] if axes else None
    scale = None if axis is None else _read_scale(axis, "energy")
    if axis is not None and axis.unit is not None and axis.scale is not None and scale is not None:
        unit, last = str(find_unit_code(axis.unit)), axis.offset + (axis.size - 1) * axis.scale
        low, high = (to_si(end, unit) / ELEMENTARY_CHARGE_C for end in sorted((axis.offset, last)))
        return AxisRange(low, high, _in_ev(scale))
    start = _in_ev(find_scalar(document, "energy_axis.start"))
    width = _in_ev(find_scalar(document, "energy_axis.bin_width"))
    end = _in_ev(find_scalar(document, "energy_axis.end"))
    channels = get_entry(document, "energy_axis.channels")
    size = axis.size if axis is not None else channels if is_number(channels) else None
    if end is None and start is not None and width is not None and size:
        end = start + (size - 1) * width
    return None if start is None and width is None and end is None else AxisRange(start, end, width)


def _in_ev(energy_j: float | None) -> float | None:
    return None if energy_j is None else energy_j / ELEMENTARY_CHARGE_C
