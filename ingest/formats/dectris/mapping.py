"""DECTRIS: a detector and its clock in the master, the microscope's displays in the STEM metadata.

`Rotation` and `ScanDwellTime` of the latter have no unit and stand at 0 in the files seen; they stay in the header.
"""

from ingest.formats.dectris.keys import CALIBRATED, KEYS, SENSOR, STARTED
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_iso


def map_dectris(draft: DraftBuilder) -> None:
    """Add what master and STEM metadata say."""
    if draft.header:
        draft.take(KEYS)
        moment = from_iso(draft.find_text(*STARTED))
        if moment is not None:
            draft.put_word("acquired_at", as_entry(moment, ".".join(STARTED)))
        if draft.find_text(*SENSOR).upper() == "HPC":
            draft.put("camera.mode", "counting", key=SENSOR)
    draft.put("camera.manufacturer", "DECTRIS", source="derived")
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    add_arrays(draft, basis="calibrated" if draft.find_number(*CALIBRATED) == 1 else "nominal")
    draft.put("intensity_unit", "counts", source="derived")
