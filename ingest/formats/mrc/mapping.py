"""MRC: what Thermo Fisher's extended header and a DE camera's text say of the microscope; the rest says nothing."""

from ingest.formats.mrc.keys import (
    BLOCK,
    CAMERA,
    DE_CAMERA_LENGTH,
    DE_MAGNIFICATION,
    DE_PROCESSING,
    DE_SHUTTER,
    DE_SOFTWARE,
    INFO,
    KEYS,
    OLE_DAYS,
    ONE_TILT,
    SCANNED,
    UNIX_TIME,
)
from ingest.formats.mrc.modes import is_pattern, is_scanned_image
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_ole_days, from_unix

_LARGEST_MAGNIFICATION = 1e8


def map_mrc(draft: DraftBuilder) -> None:
    """Add what stands in either description; a volume was reconstructed, so nobody measured it as it is."""
    draft.take(KEYS, modes=_find_modes(draft))
    centimeters = draft.find_number(*DE_CAMERA_LENGTH)
    if centimeters is not None and centimeters > 0:  # -1 where the server could not ask the microscope
        draft.put_quantity("camera_length", centimeters, "cm", basis="nominal", key=DE_CAMERA_LENGTH)
    _add_camera(draft)
    _add_time(draft)
    _add_technique(draft)
    add_arrays(draft)


def _find_modes(draft: DraftBuilder) -> frozenset[str]:
    modes = set()
    if "tilt" not in find_axis_names(draft.signals):
        modes.add(ONE_TILT)
    if draft.find_text(INFO, "Scan - Enable") == "Enable":
        modes.add(SCANNED)
    if not is_scanned_image(_find_block(draft)):
        modes.add(CAMERA)
    return frozenset(modes)


def _add_camera(draft: DraftBuilder) -> None:
    if draft.find_text(*DE_SOFTWARE):
        draft.put("camera.manufacturer", "Direct Electron", source="derived")
    magnification = draft.find_number(*DE_MAGNIFICATION)
    if magnification is not None and 0 < magnification <= _LARGEST_MAGNIFICATION:
        draft.put("magnification", magnification, key=DE_MAGNIFICATION)
    for field, key, words in (
        ("camera.mode", DE_PROCESSING, {"integrating", "counting"}),
        ("camera.shutter", DE_SHUTTER, {"rolling", "global"}),
    ):
        word = draft.find_text(*key).casefold()
        if word in words:
            draft.put(field, word, key=key)


def _add_time(draft: DraftBuilder) -> None:
    number, unix = draft.find_number(*OLE_DAYS), draft.find_number(*UNIX_TIME)
    local = None if number is None else from_ole_days(number)
    if local is not None:
        draft.put_word("acquired_at", as_entry(local, ".".join(OLE_DAYS)))
    moment = None if unix is None else from_unix(unix)
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(UNIX_TIME)))


def _add_technique(draft: DraftBuilder) -> None:
    block = _find_block(draft)
    names = find_axis_names(draft.signals)
    if "z" in names:
        draft.put_word("level", "derived")
        return
    if block or draft.find(INFO):
        draft.put_word("origin", "measured")
    if is_scanned_image(block):
        draft.put_word("technique", ["annular"])
    elif block and len(names) == 2:  # noqa: PLR2004 - one picture of a camera
        draft.put_word("technique", ["diffraction_pattern" if is_pattern(block) else "tem_image"])


def _find_block(draft: DraftBuilder) -> dict[str, object]:
    block = draft.find(BLOCK)
    return block if isinstance(block, dict) else {}
