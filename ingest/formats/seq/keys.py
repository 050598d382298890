"""StreamPix SEQ: which key of header, records and settings wins for which quantity, and why."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable

HEADER, RECORD, CONFIG = "seq", "record", "config"
FIRST, LAST, LOCAL = (HEADER, "first_time"), (HEADER, "last_time"), (RECORD, "Date")
RATE: Key = (CONFIG, "FrameRate")
MAGNIFICATION: Key = (CONFIG, "Mag")
PIXEL: Key = (CONFIG, "PixelSize")
CALLED_OF_DE: Key = (CONFIG, "CameraType")

_UNSET = "0 where nobody set it."

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (CONFIG, "HT"), f"The table beside it is in kV; {_UNSET}", "kV"),
    HeaderKey(
        "camera_length",
        (RECORD, "CameraLength"),
        f"In m, as the table in the settings says; {_UNSET} Records of a Celeritas hold rubbish there.",
        "m",
    ),
    HeaderKey(
        "magnification", MAGNIFICATION, f"In thousands, as the table says; {_UNSET}", take="worked out"
    ),
    HeaderKey(
        "camera.frame_rate",
        RATE,
        "What the camera did; the header's rate is for replay, and often wrong.",
        "Hz",
    ),
    HeaderKey("camera.frame_rate", (RECORD, "FrameRate"), "The same, where settings are missing.", "Hz"),
    HeaderKey("camera.bit_depth", (HEADER, "counting_bits"), "Of the sequence itself.", take="integer"),
    HeaderKey("camera.bit_depth", (CONFIG, "ImageDepth"), "As it was set.", take="integer"),
    HeaderKey("camera.binning", (CONFIG, "ImageBinning"), "On the sensor.", take="integer"),
    HeaderKey("camera.binning", (RECORD, "HardwareBinning"), "The same.", take="integer"),
    HeaderKey("camera.name", CALLED_OF_DE, "As Direct Electron calls it.", take="text"),
    HeaderKey(
        "camera.manufacturer",
        CALLED_OF_DE,
        "The settings are Direct Electron's alone.",
        take="worked out",
    ),
    HeaderKey(
        "instrument.software",
        (HEADER, "description"),
        "StreamPix writes its version there; other programs their own text.",
        take="worked out",
    ),
    HeaderKey(
        "instrument.software",
        (CONFIG, "StreamPixVersion"),
        "Of Direct Electron's part, which counts differently.",
        take="text",
        prefix="StreamPix for DE ",
    ),
    HeaderKey("acquired_at", FIRST, "UTC, of the first frame.", take="worked out"),
    HeaderKey("acquired_at", LOCAL, "Local, without a zone; where frames have no stamp.", take="worked out"),
    HeaderKey(
        "acquisition_duration",
        LAST,
        "From the first frame to the last; nothing where all have the same stamp.",
        take="worked out",
    ),
    HeaderKey(
        "scan_shape",
        SHAPE,
        "The depositor's: neither sequence nor settings know the scan.",
        take="worked out",
    ),
)
