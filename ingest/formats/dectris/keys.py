"""DECTRIS: which key of master file and STEM metadata wins for which quantity, and why."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

_DETECTOR: Key = ("master", "instrument", "detector")
_SPECIFIC: Key = (*_DETECTOR, "detectorSpecific")
STARTED: Key = (*_SPECIFIC, "data_collection_date")
CALIBRATED: Key = ("stem", "IsPixelSizeCalibrated")
SENSOR: Key = (*_DETECTOR, "type")

KEYS: KeyTable = (
    HeaderKey(
        "acceleration_voltage",
        ("stem", "High Tension"),
        "The microscope's own, at the start of the scan; 0 where it was not connected.",
        "V",
    ),
    HeaderKey(
        "acceleration_voltage",
        (*_SPECIFIC, "photon_energy"),
        "What the detector was told its particles have, in eV; thresholds rest on it.",
        "V",
    ),
    HeaderKey(
        "camera_length",
        ("stem", "Camera Length"),
        "In m, as displayed; `detector_distance` of the master is not set.",
        "m",
    ),
    HeaderKey(
        "exposure_time",
        (*_DETECTOR, "count_time"),
        "During which one frame counts; `frame_count_time` is that of its summed read-outs.",
        "s",
    ),
    HeaderKey("camera.frame_time", (*_DETECTOR, "frame_time"), "From one frame to the next.", "s"),
    HeaderKey("camera.name", (*_DETECTOR, "description"), "As the detector calls itself.", take="text"),
    HeaderKey("camera.model", (*_DETECTOR, "description"), "As the detector calls itself.", take="text"),
    HeaderKey("camera.serial_number", (*_DETECTOR, "detector_number"), "As it stands.", take="text"),
    HeaderKey(
        "camera.bit_depth",
        (*_DETECTOR, "bit_depth_readout"),
        "Of the counter; `bit_depth_image` is that of the stored numbers, which sum several read-outs.",
        take="integer",
    ),
    HeaderKey(
        "camera.threshold", (*_DETECTOR, "threshold_energy"), "The lower one, in eV: the only one.", "eV"
    ),
    HeaderKey("camera.sensor_pixel_size", (*_DETECTOR, "x_pixel_size"), "In m; pixels are square.", "m"),
    HeaderKey("camera.mode", SENSOR, "HPC counts single particles.", take="worked out"),
    HeaderKey(
        "instrument.software",
        (*_SPECIFIC, "software_version"),
        "Of the detector's control unit.",
        take="text",
        prefix="DECTRIS ",
    ),
    HeaderKey("acquired_at", STARTED, "Has its zone.", take="worked out"),
    HeaderKey(
        "scan_shape",
        SHAPE,
        "`NumPixelsY` and `NumPixelsX` of the STEM metadata where they fit, else the depositor's; images per trigger "
        "are a guess.",
        take="worked out",
    ),
    *array_keys(
        "scan_step",
        why="`Pixel Size` of the STEM metadata, in nm; calibrated where `IsPixelSizeCalibrated` is 1.",
    ),
)
