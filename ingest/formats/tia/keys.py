"""TIA: which entry of the emi wins for which quantity, and why. A series alone says nothing but its steps."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

TABLE: Key = ("emi", "ExperimentalDescription")
ACQUIRED: Key = ("emi", "AcquireInfo")
DATE: Key = ("emi", "AcquireDate")
MAKER: Key = ("emi", "Manufacturer")
STEM, CAMERA, DETECTOR = "STEM", "picture of a camera", "scanned by a detector"

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (*TABLE, "High tension_kV"), "The only one.", "kV"),
    HeaderKey("emission_current", (*TABLE, "Emission_uA"), "Of the gun.", "uA", basis="measured"),
    HeaderKey("camera_length", (*TABLE, "Camera length_m"), "In diffraction and STEM modes only there.", "m"),
    HeaderKey(
        "spot_size", (*TABLE, "Spot size"), "The instrument's number.", take="integer", within=(1, 100)
    ),
    HeaderKey("lens_mode", (*TABLE, "Mode"), "As it stands.", take="text"),
    HeaderKey("instrument.name", (*TABLE, "Microscope"), "As it stands.", take="text"),
    HeaderKey(
        "magnification", (*TABLE, "Magnification_x"), "As displayed.", take="number", within=(0.1, 1e9)
    ),
    HeaderKey(
        "scan_rotation",
        (*TABLE, "Stem rotation_deg"),
        "In STEM mode. `Stem rotation correction_deg` is kept in the header: its sign is disputed.",
        "deg",
        when=(STEM,),
        zero=True,
        negative=True,
    ),
    *(
        HeaderKey(
            field, (*TABLE, name), "Of the goniometer.", unit, basis="measured", zero=True, negative=True
        )
        for field, name, unit in (
            ("stage_tilt_x", "Stage A_deg", "deg"),
            ("stage_tilt_y", "Stage B_deg", "deg"),
            ("stage_position_x", "Stage X_um", "um"),
            ("stage_position_y", "Stage Y_um", "um"),
            ("stage_position_z", "Stage Z_um", "um"),
        )
    ),
    HeaderKey(
        "exposure_time",
        (*ACQUIRED, "DwellTimePath"),
        "Of a camera, `CameraNamePath` says so: the time of its picture.",
        "s",
        when=(CAMERA,),
    ),
    HeaderKey("exposure_time", (*ACQUIRED, "IntegrationTime"), "Of one spectrum or picture.", "s"),
    HeaderKey(
        "dwell_time", (*ACQUIRED, "DwellTimePath"), "Without a camera: of a position.", "s", when=(DETECTOR,)
    ),
    HeaderKey("camera.name", (*ACQUIRED, "CameraNamePath"), "As it stands.", take="text"),
    HeaderKey("acquired_at", DATE, "Local text without a zone.", take="worked out"),
    HeaderKey("technique", (*TABLE, "Mode"), "STEM or not, and which plane a camera saw.", take="worked out"),
    HeaderKey(
        "technique", MAKER, "A maker of X-ray detectors makes a spectrum one of X-rays.", take="worked out"
    ),
    HeaderKey("scan_shape", SHAPE, "The dimensions of the series.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        "diffraction_pixel_size",
        "energy_axis",
        why="The series' own calibration; 1 stands where nobody calibrated, and the size tells m from 1/m.",
    ),
)
