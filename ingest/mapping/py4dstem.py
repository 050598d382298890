"""py4DSTEM EMD: calibrations that somebody made, and nothing of the microscope."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder


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
