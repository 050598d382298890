"""NanoMEGAS Blockfile: a short header in units of its own, and a free note."""

import re

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder, Place
from ingest.mapping.times import as_entry, from_ole_days

_HEADER = "blockfile_header"
_CAMERA_LENGTH_UNIT_M = 1e-4
_ROTATION_UNIT_DEG = 1e-2
_PRECESSION = re.compile(r"Precession angle\s*:\s*(\d+(?:\.\d+)?)\s*(deg|°|mrad)?", re.IGNORECASE)
_GAMMA = re.compile(r"Camera gamma\s*:\s*on", re.IGNORECASE)


def map_blockfile(draft: DraftBuilder) -> None:
    """Add what a Blockfile header says; its patterns are 8-bit pictures of a screen."""
    draft.take_quantity("acceleration_voltage", Place((_HEADER, "Beam_energy"), "V"))
    _add_camera_length(draft)
    rotation = draft.find_number(_HEADER, "Scan_rotation")
    draft.look("scan_rotation", (_HEADER, "Scan_rotation"))
    if rotation is not None:
        key = (_HEADER, "Scan_rotation")
        draft.put_quantity("scan_rotation", rotation * _ROTATION_UNIT_DEG, "deg", basis="nominal", key=key)
    _add_time(draft)
    _read_note(draft)
    draft.put_word("origin", "measured")
    add_arrays(draft)
    draft.put("intensity_unit", "arbitrary", source="derived")


def _add_camera_length(draft: DraftBuilder) -> None:
    key = (_HEADER, "Camera_length")
    draft.look("camera_length", key)
    # The reader makes the diffraction axes of these two; the header's own scale is centimeters on the screen.
    draft.look("diffraction_pixel_size", (_HEADER, "SDP"), key)
    stored = draft.find_number(*key)
    if stored is not None and stored > 0:
        draft.put_quantity("camera_length", stored * _CAMERA_LENGTH_UNIT_M, "m", basis="nominal", key=key)


def _add_time(draft: DraftBuilder) -> None:
    key = (_HEADER, "Acquisition_time")
    draft.look("acquired_at", key)
    days = draft.find_number(*key)
    moment = None if days is None else from_ole_days(days)
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(key)))


def _read_note(draft: DraftBuilder) -> None:
    key = (_HEADER, "Note")
    draft.look("precession_angle", key)
    note = draft.find_text(*key)
    angle = _PRECESSION.search(note)
    if angle is not None and float(angle[1]) > 0:
        unit = "mrad" if (angle[2] or "").lower() == "mrad" else "deg"
        draft.put_quantity("precession_angle", float(angle[1]), unit, basis="nominal", key=key)
        draft.put("illumination", "precession", key=key)
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
