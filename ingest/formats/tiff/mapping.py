"""TIFF: what the program that wrote it says of the microscope, as `keys` ranks it."""

import re
from datetime import datetime

from ingest.formats.tiff.keys import (
    CAMERA,
    DIFFRACTION,
    FEI_CREATED,
    FEI_DATE,
    HAMAMATSU_DATE,
    IMAGING,
    JEOL_LENGTH,
    JEOL_STAGE,
    JEOL_TIME,
    KEYS,
    OLYMPUS_TIME,
    OME_TIME,
    TVIPS_DATE,
    TVIPS_VOLTAGE,
    WRITTEN,
    ZEISS_DATE,
    ZEISS_MAGNIFICATION,
)
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.keys import Key
from ingest.mapping.times import Moment, as_entry, from_iso, from_local_text, without_zone

_INSTRUMENTS = ("fei", "fei_tem", "zeiss", "tvips", "jeol", "olympus", "hamamatsu")
_RECORDERS = ("jeol", "olympus", "hamamatsu", "tvips")
_TVIPS_DIFFRACTION = {3, 4}
_ZEISS_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*(K?)\s*X")
_DECIVOLT = 0.1
_DAY_S = 86_400
_MOTOR_PIEZO = (("x", "MX", "PX"), ("y", "MY", "PY"))


def map_tiff(draft: DraftBuilder) -> None:
    """Add what the header says; a file of a program that only converts says nothing of the microscope."""
    draft.take(KEYS, modes=_find_modes(draft))
    _add_jeol(draft)
    voltage = draft.find_number(*TVIPS_VOLTAGE)
    if voltage is not None and voltage > 0:
        draft.put_quantity(
            "acceleration_voltage", voltage * _DECIVOLT, "V", basis="nominal", key=TVIPS_VOLTAGE
        )
    _add_zeiss_magnification(draft)
    _add_time(draft)
    if any(draft.find(root) for root in _INSTRUMENTS):
        draft.put_word("origin", "measured")
    add_arrays(draft)


def _find_modes(draft: DraftBuilder) -> frozenset[str]:
    modes = set()
    imaging = draft.find_text("jeol", "ImageFormingSystem", "ModeString")
    is_seen = draft.find_text("jeol", "Eos", "EosMode") == "eosTEM"  # in ASID mode the beam is scanned
    if draft.find("tvips"):
        modes.add(DIFFRACTION if draft.find_number("tvips", "TemMode") in _TVIPS_DIFFRACTION else IMAGING)
    if is_seen and imaging:
        modes.add(DIFFRACTION if imaging == "DIFF" else IMAGING)
    if "amera" in draft.find_text("jeol", "ImageSourceDetector"):
        modes.add(CAMERA)
    return frozenset(modes)


def _add_jeol(draft: DraftBuilder) -> None:
    mode = draft.find_text("jeol", "ImageFormingSystem", "ModeString")
    length = draft.find_number(*JEOL_LENGTH)
    unit = draft.find_text("jeol", "ImageFormingSystem", "SelectorUnitString")
    if mode == "DIFF" and length is not None and length > 0 and unit in {"mm", "cm", "m"}:
        draft.put_quantity("camera_length", length, unit, basis="nominal", key=JEOL_LENGTH)
    for side, motor, piezo in _MOTOR_PIEZO:
        coarse, fine = draft.find_number(*JEOL_STAGE, motor), draft.find_number(*JEOL_STAGE, piezo)
        if coarse is not None:
            nanometers = coarse + (fine or 0.0)
            key = (*JEOL_STAGE, motor)
            draft.put_quantity(f"stage_position_{side}", nanometers, "nm", basis="measured", key=key)


def _add_zeiss_magnification(draft: DraftBuilder) -> None:
    found = _ZEISS_TEXT.fullmatch(draft.find_text(*ZEISS_MAGNIFICATION))
    if found is None:
        return
    magnification = float(found[1]) * (1000 if found[2] else 1)
    if 0.1 <= magnification <= 1e9:  # noqa: PLR2004 - what no instrument leaves
        draft.put("magnification", magnification, key=ZEISS_MAGNIFICATION)


def _add_time(draft: DraftBuilder) -> None:
    """Put the first clear time, in the order of the table."""
    found: list[tuple[Key, Moment | None]] = [
        (FEI_DATE, _read_texts(draft, FEI_DATE, "Time")),
        (FEI_CREATED, _read_text(draft.find_text(*FEI_CREATED))),
        (ZEISS_DATE, _read_zeiss_time(draft)),
        (TVIPS_DATE, _read_tvips_time(draft)),
        (JEOL_TIME, from_iso(draft.find_text(*JEOL_TIME))),
        (OLYMPUS_TIME, from_iso(draft.find_text(*OLYMPUS_TIME))),
        (HAMAMATSU_DATE, _read_texts(draft, HAMAMATSU_DATE, "Time")),
        (OME_TIME, from_iso(draft.find_text(*OME_TIME))),
    ]
    if any(draft.find(root) is not None for root in _RECORDERS):
        found.append((WRITTEN, _read_standard_time(draft.find_text(*WRITTEN))))
    for key, moment in found:
        if moment is not None:
            draft.put_word("acquired_at", as_entry(moment, ".".join(key)))


def _read_texts(draft: DraftBuilder, date: Key, time: str) -> Moment | None:
    return from_local_text(draft.find_text(*date), draft.find_text(*date[:-1], time))


def _read_text(text: str) -> Moment | None:
    date, _, time = text.partition(" ")
    return from_local_text(date, time) if time else None


def _read_zeiss_time(draft: DraftBuilder) -> Moment | None:
    text = f"{draft.find_text(*ZEISS_DATE)} {draft.find_text('zeiss', 'AP_TIME', 'value')}"
    return _parse(text, "%d %b %Y %H:%M:%S")


def _read_tvips_time(draft: DraftBuilder) -> Moment | None:
    date, seconds = draft.find_number(*TVIPS_DATE), draft.find_number("tvips", "Time")
    if not date or date < 0 or not date.is_integer():
        return None
    year, rest = divmod(int(date), 1 << 16)
    clock = int(seconds) if seconds and 0 <= seconds < _DAY_S else 0
    text = f"{year} {rest >> 8} {rest & 255} {clock // 3600}:{clock // 60 % 60}:{clock % 60}"
    return _parse(text, "%Y %m %d %H:%M:%S")


def _read_standard_time(text: str) -> Moment | None:
    return _parse(text, "%Y:%m:%d %H:%M:%S") or _parse(text, "%Y/%m/%d %H:%M")


def _parse(text: str, form: str) -> Moment | None:
    try:
        return without_zone(datetime.strptime(text.strip(), form))  # noqa: DTZ007 - it has none
    except ValueError:
        return None
