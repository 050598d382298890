"""EMPAD xml: which key wins for which quantity, and why. The keys of software 1.2 come before those of 0.51."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

_MICROSCOPE = "root.iom_measurements"


def xml_key(*parts: str) -> Key:
    """Return the flat key of a place in the xml."""
    return ("xml", ".".join(parts))


STEM_MODE: Key = xml_key(_MICROSCOPE, "is_column_in_stem_mode")
LOCAL_TIME, UNIX_TIME = xml_key("root.timestamp.isoformat"), xml_key("root.timestamp.timestamp")

_NEW, _OLD = "Software 1.2; SI units of the microscope's interface.", "Software 0.51 calls it so."

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", xml_key(_MICROSCOPE, "high_voltage"), _NEW, "V"),
    HeaderKey("acceleration_voltage", xml_key(_MICROSCOPE, "source.get_voltage"), _OLD, "V"),
    HeaderKey("camera_length", xml_key(_MICROSCOPE, "nominal_camera_length"), _NEW, "m"),
    HeaderKey("camera_length", xml_key(_MICROSCOPE, "optics.get_cameralength"), _OLD, "m"),
    HeaderKey("scan_rotation", xml_key(_MICROSCOPE, "scan_rotation"), _NEW, "rad", zero=True, negative=True),
    HeaderKey(
        "scan_rotation",
        xml_key(_MICROSCOPE, "column.get_scanrotation"),
        _OLD,
        "rad",
        zero=True,
        negative=True,
    ),
    HeaderKey("spot_size", xml_key(_MICROSCOPE, "spot_size_index"), _NEW, take="integer", within=(1, 100)),
    HeaderKey(
        "spot_size", xml_key(_MICROSCOPE, "beam.get_spotsizeindex"), _OLD, take="integer", within=(1, 100)
    ),
    HeaderKey(
        "diffraction_pixel_size",
        xml_key(_MICROSCOPE, "calibrated_diffraction_angle"),
        "The only calibration; `calibrated_pixelsize` is the field of view divided by 25000.",
        "rad",
        basis="calibrated",
    ),
    HeaderKey("exposure_time", xml_key("root.exposure_time"), "Of one frame, without its read-out.", "ms"),
    HeaderKey(
        "instrument.software",
        xml_key("root.software_version"),
        "Of the detector's program.",
        take="text",
        prefix="EMPAD ",
    ),
    HeaderKey("illumination", STEM_MODE, "STEM means a convergent probe.", take="worked out"),
    HeaderKey(
        "acquired_at", LOCAL_TIME, "Local; the Unix time beside it tells the offset.", take="worked out"
    ),
    HeaderKey("acquired_at", UNIX_TIME, "Only tells the offset; 0 where nobody set it.", take="worked out"),
    HeaderKey(
        "scan_shape",
        SHAPE,
        "`pix_x` and `pix_y`, else the name of the raw file, else the mode whose shape fits: both modes stand in "
        "every file. `type` series has none. Without an xml positions in the service rows, or the name, are a guess.",
        take="worked out",
    ),
    *array_keys(
        "scan_step",
        why="From the full field of view and `scan_size` of the mode that was used: no key holds the step.",
    ),
)
