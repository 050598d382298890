"""NanoMEGAS Blockfile: which field of its short header wins for which quantity, and why."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

CAMERA_LENGTH: Key = ("blockfile_header", "Camera_length")
ROTATION: Key = ("blockfile_header", "Scan_rotation")
TIME: Key = ("blockfile_header", "Acquisition_time")
NOTE: Key = ("blockfile_header", "Note")

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", ("blockfile_header", "Beam_energy"), "In volts.", "V"),
    HeaderKey("camera_length", CAMERA_LENGTH, "Stored in 0.1 mm.", take="worked out"),
    HeaderKey("scan_rotation", ROTATION, "Stored in 0.01 deg; 0 is an angle.", take="worked out"),
    HeaderKey("acquired_at", TIME, "An OLE day number: local, without a zone.", take="worked out"),
    HeaderKey("precession_angle", NOTE, "Precession stands in the free note only.", take="worked out"),
    HeaderKey("illumination", NOTE, "An angle of precession above 0 in the note.", take="worked out"),
    HeaderKey(
        "level", NOTE, "“Camera gamma : on” in the note: intensities are not linear.", take="worked out"
    ),
    HeaderKey("scan_shape", SHAPE, "`NX` and `NY`, which give the file its size.", take="worked out"),
    *array_keys("scan_step", why="`SX` and `SY`, in nm."),
    *array_keys(
        "diffraction_pixel_size",
        why="From `SDP`, pixels per meter of the screen, and the camera length; 0 in either means none.",
    ),
)
