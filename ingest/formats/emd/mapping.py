"""EMD: what somebody filled of NCEM's groups; of py4DSTEM calibrations, and nothing of the microscope."""

from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, Place
from ingest.mapping.times import as_entry, from_iso

_SCOPE = "microscope"


def map_ncem(draft: DraftBuilder) -> None:
    """Add what the groups say, in SI units unless the text holds its own; Prismatic's parameters besides."""
    _add_prismatic(draft)
    draft.take_quantity(
        "acceleration_voltage",
        Place((_SCOPE, "high tension"), "V"),
        Place((_SCOPE, "voltage"), "V"),
        Place((_SCOPE, "accelerating voltage"), "V"),
    )
    draft.take_quantity("semi_convergence_angle", Place((_SCOPE, "convergence angle"), "rad"))
    draft.take_quantity("camera_length", Place((_SCOPE, "camera length"), "m"))
    draft.take_quantity("dwell_time", Place((_SCOPE, "dwell time"), "s"))
    draft.take_quantity("probe_current", Place((_SCOPE, "beam current"), "A", "measured"))
    draft.take_quantity("defocus", Place((_SCOPE, "defocus"), "m"), negative_counts=True)
    draft.take_quantity(
        "stage_tilt_x", Place((_SCOPE, "alpha tilt"), "rad"), zero_counts=True, negative_counts=True
    )
    draft.take_quantity(
        "stage_tilt_y", Place((_SCOPE, "beta tilt"), "rad"), zero_counts=True, negative_counts=True
    )
    draft.take_text("instrument.name", (_SCOPE, "name"), (_SCOPE, "microscope name"))
    draft.take_text("sample.name", ("sample", "name"), ("sample", "sample name"), ("sample", "material"))
    draft.take_text("sample.preparation", ("sample", "preparation"))
    key = (_SCOPE, "date")
    draft.look("acquired_at", key)
    moment = from_iso(draft.find_text(*key))
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(key)))
    add_arrays(draft)


def _add_prismatic(draft: DraftBuilder) -> None:
    """Add a Prismatic simulation, whose options E (kV) and sa (semi-angle, mrad) stand by their letters."""
    if draft.find("4DSTEM_simulation") is None:
        return
    given = ("4DSTEM_simulation", "metadata", "metadata_0", "original", "simulation_parameters")
    draft.put_word("origin", "simulated")
    draft.put("simulation.code", "Prismatic", source="derived")
    draft.take_quantity("acceleration_voltage", Place((*given, "E"), "kV"))
    draft.take_quantity("semi_convergence_angle", Place((*given, "sa"), "mrad"))
    draft.take_text("simulation.structure", (*given, "i"))
    if find_axis_names(draft.signals) == {"scan_y", "scan_x"}:
        draft.put_word("technique", ["annular"])


def map_py4dstem(draft: DraftBuilder) -> None:
    """Add calibrated axes; the flip between pattern and scan is reported, since it is no whole matrix."""
    flip = ("calibration", "QR_flip")
    draft.look("scan_step", ("calibration", "R_pixel_size"), ("calibration", "R_pixel_units"))
    draft.look("diffraction_pixel_size", ("calibration", "Q_pixel_size"), ("calibration", "Q_pixel_units"))
    draft.look("detector_to_scan_matrix", flip, ("calibration", "QR_rotation"))
    add_arrays(draft, basis="calibrated")
    if draft.find(*flip) is not None:
        draft.tell(
            "diffraction_flip_recorded",
            f"The file holds QR_flip = {draft.find(*flip)}: whether patterns are flipped against the scan.",
            "Use it, with the rotation, to give detector_to_scan_matrix.",
            path="detector_to_scan_matrix",
        )
