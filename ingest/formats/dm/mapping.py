"""Gatan DigitalMicrograph: the tags of the image that belongs to the signal `data`, as `keys` ranks them."""

import re
from collections.abc import Mapping

from ingest.formats.dm.keys import (
    BRIGHTNESS,
    CAMERA_LENGTH,
    DIFFRACTION,
    IMAGE,
    IMAGING,
    KEYS,
    PATTERNS,
    ROTATION,
    ROTATION_OFFSET,
    SCOPE,
    SEM,
    SPECTRA,
    STEM,
    TECNAI,
    UNSTATED,
)
from ingest.formats.dm.timing import add_times
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, as_number
from ingest.mapping.keys import Key, Roots

_ANNULAR = re.compile(r"HAADF|LAADF|MAADF|ADF|ABF|DF\d|\bBF\b", re.IGNORECASE)
_SIGNAL_TECHNIQUES = {"EELS": "eels", "X-ray": "eds", "CL": "cathodoluminescence"}
_CORRECTED = {
    "Unprocessed": "raw",
    "Dark Subtracted": "vendor_corrected",
    "Gain Normalized": "vendor_corrected",
}
_SPOT = re.compile(r"\bSpot\s+(\d{1,2})\b")
_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_STAGE = re.compile(rf"\bStage{_NUMBER}um,{_NUMBER}um,{_NUMBER}um,{_NUMBER}deg,{_NUMBER}deg")
_STAGE_FIELDS = (
    ("stage_position_x", "um"),
    ("stage_position_y", "um"),
    ("stage_position_z", "um"),
    ("stage_tilt_x", "deg"),
    ("stage_tilt_y", "deg"),
)
_TURN_DEG = 360.0
_ELECTRONS = frozenset({"e-", "e", "electron", "electrons"})


def map_dm(draft: DraftBuilder) -> None:
    """Add what the tags say; of a scanning electron microscope no tilt, camera length or technique."""
    image = _find_image(draft, "data")
    roots: Roots = {"T": (*image, "ImageTags"), "I": image}
    modes = _find_modes(draft, roots)
    draft.take(KEYS, roots=roots, modes=modes)
    _add_intensity(draft, roots)
    if isinstance(draft.find(*roots["T"]), Mapping):
        _add_illumination(draft, roots, modes)
        _add_tecnai(draft, roots)
        _add_rotation(draft, roots)
        _add_technique(draft, roots, modes)
    add_times(draft, roots, kind=_find_kind(draft))
    add_arrays(draft)


def _find_image(draft: DraftBuilder, name: str) -> Key:
    """Return where the header has the tags of the image that a signal is."""
    group = draft.find("signals", name)
    return ("ImageList", group if isinstance(group, str) else "TagGroup0" if name == "data" else "")


def _at(roots: Roots, key: Key) -> Key:
    """Return where a key of the table stands in this header."""
    return (*roots.get(key[0], (key[0],)), *key[1:])


def _find_modes(draft: DraftBuilder, roots: Roots) -> frozenset[str]:
    """Return the mode of the microscope: how it illuminates decides before what its projector shows."""
    illumination, imaging, operation = (
        draft.find_text(*_at(roots, (*SCOPE, name))).upper()
        for name in ("Illumination Mode", "Imaging Mode", "Operation Mode")
    )
    if illumination.startswith("SEM"):
        return frozenset({SEM})
    if "STEM" in illumination or operation == "SCANNING":
        return frozenset({STEM})
    if "DIFFRACTION" in imaging or "DIFFRACTION" in operation:
        return frozenset({DIFFRACTION})
    if illumination or imaging or operation:
        return frozenset({IMAGING})
    return frozenset({UNSTATED})


def _find_kind(draft: DraftBuilder) -> str:
    """Return what one element of the array is."""
    names = find_axis_names(draft.signals)
    if names & {"energy", "wavelength"}:
        return SPECTRA
    return PATTERNS if names & {"detector_y", "y"} else IMAGE


def _add_illumination(draft: DraftBuilder, roots: Roots, modes: frozenset[str]) -> None:
    key = _at(roots, (*SCOPE, "Illumination Mode"))
    if "STEM" in draft.find_text(*key).upper():
        draft.put("illumination", "convergent", key=key)
    length = _at(roots, CAMERA_LENGTH)
    if (draft.find_number(*length) or 0) > 0 and not modes & {STEM, UNSTATED}:
        draft.refuse("camera_length", length, f"the microscope was in {next(iter(modes))} mode")


def _add_tecnai(draft: DraftBuilder, roots: Roots) -> None:
    """Read the one text that FEI's plug-in keeps, where the tags proper say nothing."""
    key = _at(roots, TECNAI)
    text = draft.find_text(*key)
    spot = _SPOT.search(text)
    if spot is not None and int(spot[1]):
        draft.put("spot_size", int(spot[1]), key=key)
    stage = _STAGE.search(text)
    for (path, unit), number in zip(_STAGE_FIELDS, stage.groups() if stage else (), strict=False):
        draft.put_quantity(path, float(number), unit, basis="measured", key=key)


def _add_rotation(draft: DraftBuilder, roots: Roots) -> None:
    """Put the angle by which the scan was turned: `Rotation` and `Rotation Offset` together."""
    key, offset_key = _at(roots, ROTATION), _at(roots, ROTATION_OFFSET)
    rotation, offset = draft.find_number(*key), draft.find_number(*offset_key)
    if rotation is None:
        if offset:
            draft.refuse("scan_rotation", offset_key, "the rotation that it is added to is not stated")
        return
    for number, place in ((rotation, key), (offset or 0.0, offset_key)):
        if abs(number) > _TURN_DEG:
            draft.call_implausible("scan_rotation", place, f"{number:g} deg is more than a turn")
            return
    total = rotation + (offset or 0.0)
    folded = total - _TURN_DEG * round(total / _TURN_DEG) if abs(total) > _TURN_DEG else total
    note = f"Rotation {rotation:g} deg and Rotation Offset {offset:g} deg together." if offset else ""
    draft.put_quantity("scan_rotation", folded, "deg", basis="nominal", key=key, note=note)


def _add_technique(draft: DraftBuilder, roots: Roots, modes: frozenset[str]) -> None:
    names = find_axis_names(draft.signals)
    spectral = _list_spectral(draft)
    title = draft.find_text(*_at(roots, ("I", "Name")))
    is_image = names == {"scan_y", "scan_x"} and not spectral
    if spectral:
        draft.put_word("technique", spectral)
    elif SEM not in modes and is_image and _ANNULAR.search(title):
        draft.put_word("technique", ["annular"])
    tags = roots["T"]
    if draft.find(*tags, "Microscope Info") is not None or draft.find(*tags, "Acquisition") is not None:
        draft.put_word("origin", "measured")
    processing = draft.find_text(*tags, "Acquisition", "Parameters", "High Level", "Processing")
    if processing in _CORRECTED:
        draft.put_word("level", _CORRECTED[processing])


def _list_spectral(draft: DraftBuilder) -> list[str]:
    """Return the spectroscopies of all arrays, that of the main one first: each image of a file has its own tags."""
    found = []
    for signal in sorted(draft.signals, key=lambda one: one["name"] != "data"):
        kind = draft.find_text(*_find_image(draft, signal["name"]), "ImageTags", "Meta Data", "Signal")
        if {axis["name"] for axis in signal["axes"]} & {
            "energy",
            "wavelength",
        } and kind in _SIGNAL_TECHNIQUES:
            found.append(_SIGNAL_TECHNIQUES[kind])
    return list(dict.fromkeys(found))


def _add_intensity(draft: DraftBuilder, roots: Roots) -> None:
    """Say what a stored value means: unit and scale together, for the values are given out as stored."""
    base = _at(roots, BRIGHTNESS)
    scale, origin = (as_number(draft.find(*base, name)) for name in ("Scale", "Origin"))
    unit = draft.find_text(*base, "Units")
    if scale is None or (scale == 1 and not origin):
        if unit.casefold() in _ELECTRONS:
            draft.put("intensity_unit", "electrons", key=(*base, "Units"))
        return
    key = (*base, "Scale")
    if scale <= 0 and unit:
        draft.call_implausible("intensity_unit", key, f"a scale of {scale:g} {unit} for each stored value")
    elif unit.casefold() in _ELECTRONS and not origin:
        draft.put("camera.electrons_per_count", scale, key=key)
        draft.put("intensity_unit", "counts", source="derived", note=f"{scale:g} electrons each")
    elif unit:
        zero = f"(value − {origin:g})" if origin else "value"
        draft.tell(
            "intensity_scale_not_applied",
            f"The file calibrates its intensities as {zero} × {scale:g} in “{unit}”; the values are given as stored.",
            "Apply it yourself where absolute intensities matter, or say the unit of the stored values.",
            path="intensity_unit",
        )
