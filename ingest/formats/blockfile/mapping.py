"""NanoMEGAS Blockfile: a short header in units of its own, and a free note, as `keys` ranks them."""

import re

from ingest.formats.blockfile.keys import CAMERA_LENGTH, KEYS, NOTE, ROTATION, TIME
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_ole_days

_CAMERA_LENGTH_UNIT_M = 1e-4
_ROTATION_UNIT_DEG = 1e-2
_PRECESSION = re.compile(r"Precession angle\s*:\s*(\d+(?:\.\d+)?)\s*(deg|°|mrad)?", re.IGNORECASE)
_GAMMA = re.compile(r"Camera gamma\s*:\s*on", re.IGNORECASE)


def map_blockfile(draft: DraftBuilder) -> None:
    """Add what a Blockfile header says; its patterns are 8-bit pictures of a screen."""
    draft.take(KEYS)
    length, rotation = draft.find_number(*CAMERA_LENGTH), draft.find_number(*ROTATION)
    if length is not None and length > 0:
        meters = length * _CAMERA_LENGTH_UNIT_M
        draft.put_quantity("camera_length", meters, "m", basis="nominal", key=CAMERA_LENGTH)
    if rotation is not None:
        degrees = rotation * _ROTATION_UNIT_DEG
        draft.put_quantity("scan_rotation", degrees, "deg", basis="nominal", key=ROTATION)
    _add_time(draft)
    _read_note(draft)
    draft.put_word("origin", "measured")
    add_arrays(draft)
    draft.put("intensity_unit", "arbitrary", source="derived")


def _add_time(draft: DraftBuilder) -> None:
    days = draft.find_number(*TIME)
    moment = None if days is None else from_ole_days(days)
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(TIME)))
    elif days:
        draft.call_implausible("acquired_at", TIME, f"day {days:g} is no day of an electron microscope")


def _read_note(draft: DraftBuilder) -> None:
    note = draft.find_text(*NOTE)
    angle = _PRECESSION.search(note)
    if angle is not None and float(angle[1]) > 0:
        unit = "mrad" if (angle[2] or "").lower() == "mrad" else "deg"
        if draft.put_quantity("precession_angle", float(angle[1]), unit, basis="nominal", key=NOTE):
            draft.put("illumination", "precession", key=NOTE)
    if _GAMMA.search(note):
        draft.put_word("level", "vendor_corrected")
        draft.tell(
            "intensity_not_linear",
            "The file says that the camera's gamma correction was on: intensities are not proportional.",
            "Sums and ratios of intensities are not quantitative. Say so in the notes, or correct this.",
            path="level",
        )
    else:
        draft.put_word("level", "raw")
