"""Merlin MIB with its hdr: a camera and its clock; nothing of the microscope stands in it."""

from datetime import datetime

from ingest.formats.mib.keys import CHIPS, FLYBACK, KEYS, LAST_UTC, LOCAL, THRESHOLDS, UTC
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder, as_number
from ingest.mapping.recording import check_recording_time, seconds_between
from ingest.mapping.times import as_entry, from_iso


def map_mib(draft: DraftBuilder) -> None:
    """Add what frame header and hdr say. The exposure is not the dwell time: that includes the read-out."""
    draft.take(KEYS)
    _add_time(draft)
    _add_duration(draft)
    draft.put("camera.name", "Merlin", source="derived")
    draft.put("camera.manufacturer", "Quantum Detectors", source="derived")
    draft.put("camera.mode", "counting", source="derived")
    _add_chips(draft)
    _add_threshold(draft)
    columns = draft.find_number(*FLYBACK)
    if columns is not None and columns > 0:
        draft.put("flyback_pixels", int(columns), key=FLYBACK, source="derived")
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    add_arrays(draft)
    draft.put("intensity_unit", "counts", source="derived")


def _add_time(draft: DraftBuilder) -> None:
    # The frame header counts in UTC; the hdr and its own second stamp are local.
    for key in (UTC, LOCAL):
        moment = from_iso(draft.find_text(*key))
        if moment is not None and not draft.has("acquired_at"):
            draft.put_word("acquired_at", as_entry(moment, ".".join(key)))


def _add_duration(draft: DraftBuilder) -> None:
    """Put how long the run took, and compare it with its exposures."""
    start, end = draft.find_text(*UTC), draft.find_text(*LAST_UTC)
    frames = draft.find_number("mib", "frames")
    exposure = draft.document.get("exposure_time", {}).get("value")
    between = seconds_between(start, end) if _is_iso(start) and _is_iso(end) else None
    if between is None or frames is None or frames <= 1 or exposure is None:
        return
    lasted = between + exposure / 1e3
    draft.put_quantity("acquisition_duration", lasted, "s", basis="measured", key=LAST_UTC)
    check_recording_time(
        draft,
        "exposure_time",
        positions=int(frames),
        seconds=exposure / 1e3,
        lasted=lasted,
        told=f"{start} to {end}",
    )


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _add_chips(draft: DraftBuilder) -> None:
    chips = [chip.strip() for chip in draft.find_text(*CHIPS).split(",")]
    used = [chip for chip in chips if chip.strip("- ")]
    if used:
        draft.put("camera.serial_number", ", ".join(used), key=CHIPS)


def _add_threshold(draft: DraftBuilder) -> None:
    thresholds = draft.find(*THRESHOLDS)
    lowest = as_number(thresholds[0]) if isinstance(thresholds, list) and thresholds else None
    if lowest is not None and lowest > 0:
        draft.put_quantity("camera.threshold", lowest, "keV", basis="nominal", key=THRESHOLDS)
