"""EMD: what somebody filled of NCEM's groups; of py4DSTEM calibrations, and nothing of the microscope."""

from ingest.formats.emd.keys import DATE, FLIP, NCEM_KEYS, PY4DSTEM_KEYS
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import as_entry, from_iso


def map_ncem(draft: DraftBuilder) -> None:
    """Add what the groups say, in SI units unless the text holds its own; Prismatic's parameters besides."""
    draft.take(NCEM_KEYS)
    if draft.find("4DSTEM_simulation") is not None:
        draft.put_word("origin", "simulated")
        draft.put("simulation.code", "Prismatic", source="derived")
        if find_axis_names(draft.signals) == {"scan_y", "scan_x"}:
            draft.put_word("technique", ["annular"])
    moment = from_iso(draft.find_text(*DATE))
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(DATE)))
    add_arrays(draft)


def map_py4dstem(draft: DraftBuilder) -> None:
    """Add calibrated axes; the flip between pattern and scan is reported, since it is no whole matrix."""
    draft.take(PY4DSTEM_KEYS)
    add_arrays(draft, basis="calibrated")
    if draft.find(*FLIP) is not None:
        draft.tell(
            "diffraction_flip_recorded",
            f"The file holds QR_flip = {draft.find(*FLIP)}: whether patterns are flipped against the scan.",
            "Use it, with the rotation, to give detector_to_scan_matrix.",
            path="detector_to_scan_matrix",
        )
