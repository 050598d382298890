"""EMD: which key wins for which quantity, and why; one table for NCEM's files, one for py4DSTEM's."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

_SCOPE = "microscope"
SIMULATION: Key = ("4DSTEM_simulation", "metadata", "metadata_0", "original", "simulation_parameters")
DATE: Key = (_SCOPE, "date")
FLIP: Key = ("calibration", "QR_flip")

_PRISMATIC = "Option of a Prismatic simulation, by its letter."
_SI = "In SI units, unless the text holds its own."

NCEM_KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (*SIMULATION, "E"), _PRISMATIC, "kV"),
    HeaderKey("acceleration_voltage", (_SCOPE, "high tension"), _SI, "V"),
    HeaderKey("acceleration_voltage", (_SCOPE, "voltage"), _SI, "V"),
    HeaderKey("acceleration_voltage", (_SCOPE, "accelerating voltage"), _SI, "V"),
    HeaderKey("semi_convergence_angle", (*SIMULATION, "sa"), _PRISMATIC, "mrad"),
    HeaderKey("semi_convergence_angle", (_SCOPE, "convergence angle"), _SI, "rad"),
    HeaderKey("simulation.structure", (*SIMULATION, "i"), _PRISMATIC, take="text"),
    HeaderKey("camera_length", (_SCOPE, "camera length"), _SI, "m"),
    HeaderKey("dwell_time", (_SCOPE, "dwell time"), _SI, "s"),
    HeaderKey("probe_current", (_SCOPE, "beam current"), _SI, "A", basis="measured"),
    HeaderKey("defocus", (_SCOPE, "defocus"), _SI, "m", negative=True),
    HeaderKey("stage_tilt_x", (_SCOPE, "alpha tilt"), _SI, "rad", zero=True, negative=True),
    HeaderKey("stage_tilt_y", (_SCOPE, "beta tilt"), _SI, "rad", zero=True, negative=True),
    HeaderKey("instrument.name", (_SCOPE, "name"), "As it stands.", take="text"),
    HeaderKey("instrument.name", (_SCOPE, "microscope name"), "Another word for it.", take="text"),
    HeaderKey("sample.name", ("sample", "name"), "As it stands.", take="text"),
    HeaderKey("sample.name", ("sample", "sample name"), "Another word for it.", take="text"),
    HeaderKey("sample.name", ("sample", "material"), "Where no name is given.", take="text"),
    HeaderKey("sample.preparation", ("sample", "preparation"), "As it stands.", take="text"),
    HeaderKey("acquired_at", DATE, "ISO text.", take="worked out"),
    HeaderKey("scan_shape", SHAPE, "In file order.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        "diffraction_pixel_size",
        "energy_axis",
        why="The vectors `dimN`. Prismatic labels Å as nm, 1/Å as 1/nm and rad as mrad: corrected. Thresholds of a "
        "counting camera (fpd) are no energies of a spectrum.",
    ),
)

PY4DSTEM_KEYS: KeyTable = (
    HeaderKey(
        "scan_step",
        ("calibration", "R_pixel_size"),
        "py4DSTEM keeps it up to date; it wins.",
        take="worked out",
    ),
    HeaderKey("scan_step", ("calibration", "R_pixel_units"), "Its unit.", take="worked out"),
    *array_keys(
        "scan_step", why="The vectors `dimN`, where the calibration says nothing; both stand in a warning."
    ),
    HeaderKey(
        "diffraction_pixel_size",
        ("calibration", "Q_pixel_size"),
        "py4DSTEM keeps it up to date; it wins.",
        take="worked out",
    ),
    HeaderKey("diffraction_pixel_size", ("calibration", "Q_pixel_units"), "Its unit.", take="worked out"),
    *array_keys(
        "diffraction_pixel_size",
        why="The vectors `dimN`, where the calibration says nothing; both stand in a warning.",
    ),
    HeaderKey(
        "detector_to_scan_matrix", FLIP, "Told, not taken: a flip alone is no matrix.", take="worked out"
    ),
    HeaderKey(
        "detector_to_scan_matrix",
        ("calibration", "QR_rotation"),
        "Told with the flip; its sign depends on the convention.",
        take="worked out",
    ),
    HeaderKey("scan_shape", SHAPE, "In file order.", take="worked out"),
    *array_keys("pixel_size", why="The vectors of an image."),
)
