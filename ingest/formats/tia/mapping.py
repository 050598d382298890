"""TIA: what the emi says of the microscope, as `keys` ranks it. A series alone says nothing but its steps."""

from collections.abc import Mapping

from ingest.formats.tia.keys import ACQUIRED, CAMERA, DATE, DETECTOR, KEYS, MAKER, STEM, TABLE
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_ctime

_EDS_MAKERS = ("edx", "edax")


def map_tia(draft: DraftBuilder) -> None:
    """Add what the emi says; the correction of the scan rotation is kept in the header, its sign is disputed."""
    if not isinstance(draft.find(*TABLE), Mapping):
        add_arrays(draft)
        return
    modes = {CAMERA if draft.find_text(*ACQUIRED, "CameraNamePath") else DETECTOR}
    if _is_stem(draft):
        modes.add(STEM)
    draft.take(KEYS, modes=modes)
    moment = from_ctime(draft.find_text(*DATE))
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(DATE)))
    _add_technique(draft)
    draft.put_word("origin", "measured")
    add_arrays(draft)


def _add_technique(draft: DraftBuilder) -> None:
    names = find_axis_names(draft.signals)
    maker = draft.find_text(*MAKER).casefold()
    mode = draft.find_text(*TABLE, "Mode")
    if "energy" in names:
        if any(word in maker for word in _EDS_MAKERS):
            draft.put_word("technique", ["eds"])
    elif names == {"scan_y", "scan_x"}:
        draft.put_word("technique", ["annular"])
    elif names == {"y", "x"} and not _is_stem(draft):
        draft.put_word("technique", ["tem_image"])
    elif names == {"detector_y", "detector_x"} and "Diffraction" in mode and not _is_stem(draft):
        draft.put_word("technique", ["diffraction_pattern"])


def _is_stem(draft: DraftBuilder) -> bool:
    return "STEM" in draft.find_text(*TABLE, "Mode")
