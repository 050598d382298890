"""EMPAD xml, software 0.51 to 1.2.x. All values of the microscope come over one interface in SI units."""

from ingest.formats.empad.keys import KEYS, LOCAL_TIME, STEM_MODE, UNIX_TIME
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_local_and_unix


def map_empad(draft: DraftBuilder) -> None:
    """Add what an EMPAD header says; its screen current is not the beam current and is left alone."""
    if draft.header:
        draft.take(KEYS)
        # The xml has no zone, but the Unix time beside the local one tells the offset.
        moment = from_local_and_unix(draft.find_text(*LOCAL_TIME), draft.find_number(*UNIX_TIME))
        if moment is not None:
            draft.put_word("acquired_at", as_entry(moment, LOCAL_TIME[1]))
    packed = draft.find_text("words")
    draft.put("camera.name", packed or "EMPAD", source="derived")
    # Raw files hold what the converter counted; electrons only after a gain that the file does not know.
    if not packed:
        draft.put("intensity_unit", "adu", source="derived")
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    if draft.find(*STEM_MODE) is True:
        draft.put("illumination", "convergent", key=STEM_MODE)
    add_arrays(draft)
