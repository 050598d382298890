"""Merlin MIB: which key of frame header and hdr wins for which quantity, and why."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable

UTC, LOCAL, LAST_UTC = ("mib", "timestamp_utc"), ("mib", "timestamp_local"), ("mib", "last_timestamp_utc")
CHIPS: Key = ("hdr", "Chip ID")
THRESHOLDS: Key = ("mib", "thresholds_keV")
FRAME_TIME: Key = ("mib", "frame_time_ns")
FLYBACK: Key = ("mib", "flyback_frames_per_line")

KEYS: KeyTable = (
    HeaderKey("exposure_time", ("mib", "exposure_ns"), "Of the frame itself, in whole nanoseconds.", "ns"),
    HeaderKey("exposure_time", ("mib", "exposure_s"), "The same, rounded, in older headers.", "s"),
    HeaderKey(
        "camera.frame_time",
        FRAME_TIME,
        "The usual one from one frame to the next, by their own stamps.",
        "ns",
        basis="measured",
    ),
    HeaderKey("camera.bit_depth", ("mib", "counter_depth_bits"), "Of the frame itself.", take="integer"),
    HeaderKey("acquired_at", UTC, "Has its zone, and nanoseconds.", take="worked out"),
    HeaderKey("acquired_at", LOCAL, "Local, without a zone; so is the stamp of the hdr.", take="worked out"),
    HeaderKey(
        "acquisition_duration",
        LAST_UTC,
        "From the first frame to the end of the last, by their own stamps.",
        take="worked out",
    ),
    HeaderKey(
        "camera.model",
        ("hdr", "Chip Type (Medipix 3.0, Medipix 3.1, Medipix 3RX)"),
        "What counts.",
        take="text",
    ),
    HeaderKey("camera.model", ("hdr", "Readout System"), "Names the electronics only.", take="text"),
    HeaderKey(
        "camera.serial_number", CHIPS, "Chips that are there; a dash stands for none.", take="worked out"
    ),
    HeaderKey("camera.threshold", THRESHOLDS, "The lowest that is above 0.", take="worked out"),
    HeaderKey("camera.gain_mode", ("hdr", "Gain"), "As it stands.", take="text"),
    HeaderKey(
        "instrument.software", ("hdr", "Software Version"), "Of Merlin.", take="text", prefix="Merlin "
    ),
    HeaderKey(
        "flyback_pixels", FLYBACK, "Found by the longer exposure of one frame a line.", take="worked out"
    ),
    HeaderKey(
        "scan_shape",
        SHAPE,
        "`ScanX` and `ScanY` where they fit, else the depositor's; frames per trigger are a guess.",
        take="worked out",
    ),
)
