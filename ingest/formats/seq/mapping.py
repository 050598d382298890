"""StreamPix SEQ: a camera and its clock, and what somebody typed into its settings; nothing of a scan."""

from ingest.formats.seq.keys import CALLED_OF_DE, FIRST, HEADER, KEYS, LAST, LOCAL, MAGNIFICATION
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_iso, from_unix

_THOUSAND = 1000
_LARGEST_THOUSANDS = 100_000


def map_seq(draft: DraftBuilder) -> None:
    """Add what header, records and settings say."""
    software = draft.find_text(HEADER, "description")
    if software.startswith("StreamPix"):
        draft.put("instrument.software", software, key=(HEADER, "description"))
    draft.take(KEYS)
    thousands = draft.find_number(*MAGNIFICATION)
    if thousands is not None and 0 < thousands <= _LARGEST_THOUSANDS:
        draft.put("magnification", thousands * _THOUSAND, key=MAGNIFICATION)
    if draft.find_text(*CALLED_OF_DE):
        draft.put("camera.manufacturer", "Direct Electron", source="derived")
    _add_times(draft)
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    add_arrays(draft)


def _add_times(draft: DraftBuilder) -> None:
    """Put when the first frame was stored, and how long all took."""
    first, last = draft.find_number(*FIRST), draft.find_number(*LAST)
    moment = from_unix(first) if first else None
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(FIRST)))
    # Its milliseconds are written without leading zeros: "27.69" is 27.069 s.
    local = from_iso(draft.find_text(*LOCAL).partition(".")[0])
    if local is not None:
        draft.put_word("acquired_at", as_entry(local, ".".join(LOCAL)))
    if first and last and last > first:
        draft.put_quantity("acquisition_duration", last - first, "s", basis="measured", key=LAST)
