"""MRC: which key of Thermo Fisher's block and of a DE camera's text wins for which quantity, and why."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

BLOCK, INFO = "extended", "info"
SCANNED, CAMERA = "scanned", "picture of a camera"

DE_CAMERA_LENGTH: Key = (INFO, "Instrument Project Camera Length (centimeters)")
OLE_DAYS: Key = (BLOCK, "Timestamp")
UNIX_TIME: Key = (INFO, "Timestamp (seconds since Epoch)")
MODE: Key = (BLOCK, "Instrument mode")
DETECTOR: Key = (BLOCK, "STEM Detector name")
DE_MAGNIFICATION: Key = (INFO, "Instrument Project Magnification")
DE_SOFTWARE: Key = (INFO, "Server Software Version")
DE_PROCESSING: Key = (INFO, "Image Processing - Mode")
DE_SHUTTER: Key = (INFO, "Readout - Shutter")
ONE_TILT = "one tilt"

_FEI = "Thermo Fisher's block of the first section, in SI units."
_DE = "Text of the DE server."

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (BLOCK, "HT"), _FEI, "V"),
    HeaderKey("acceleration_voltage", (INFO, "Instrument Accelerating Voltage (V)"), _DE, "V"),
    HeaderKey("semi_convergence_angle", (BLOCK, "Convergence angle"), _FEI, "rad"),
    HeaderKey("camera_length", (BLOCK, "Camera length"), _FEI, "m"),
    HeaderKey("camera_length", DE_CAMERA_LENGTH, "−1 where the server could not ask.", take="worked out"),
    HeaderKey("spot_size", (BLOCK, "Spot index"), _FEI, take="integer", within=(1, 100)),
    *(
        HeaderKey(
            field,
            (BLOCK, name),
            "Of one section; in a tilt series every section has its own, so it does not count there.",
            unit,
            when=(ONE_TILT,),
            basis="measured",
            zero=True,
            negative=True,
        )
        for field, name, unit in (
            ("stage_tilt_x", "Alpha tilt", "deg"),
            ("stage_tilt_y", "Beta tilt", "deg"),
            ("stage_position_x", "X-Stage", "m"),
            ("stage_position_y", "Y-Stage", "m"),
            ("stage_position_z", "Z-Stage", "m"),
        )
    ),
    HeaderKey("dwell_time", (BLOCK, "Dwell time"), _FEI, "s"),
    HeaderKey(
        "dwell_time",
        (INFO, "Scan - Dwell Time (microseconds)"),
        "Only where the server scanned: it also keeps the last setting.",
        "us",
        when=(SCANNED,),
    ),
    HeaderKey("exposure_time", (BLOCK, "Integration time"), _FEI, "s"),
    HeaderKey("exposure_time", (INFO, "Frame Exposure Time (nanoseconds)"), _DE, "ns"),
    HeaderKey("camera.name", (BLOCK, "Camera name"), "Not of a scanned image.", take="text", when=(CAMERA,)),
    HeaderKey("camera.name", (INFO, "Camera Name"), _DE, take="text", when=(CAMERA,)),
    HeaderKey("camera.model", (INFO, "Camera Model"), _DE, take="text", when=(CAMERA,)),
    HeaderKey("camera.manufacturer", DE_SOFTWARE, "The server is Direct Electron's.", take="worked out"),
    HeaderKey("camera.serial_number", (INFO, "Camera SN"), _DE, take="text"),
    HeaderKey(
        "camera.mode", DE_PROCESSING, "`Integrating` or `Counting`; nothing else is taken.", take="worked out"
    ),
    HeaderKey(
        "camera.shutter", DE_SHUTTER, "`Rolling` or `Global`; nothing else is taken.", take="worked out"
    ),
    HeaderKey("camera.frame_rate", (INFO, "Frames Per Second"), "As set, not the most it could.", "Hz"),
    HeaderKey(
        "camera.frame_time",
        (INFO, "Frame Time (nanoseconds)"),
        "With read-out; the exposure is a part of it.",
        "ns",
    ),
    HeaderKey("camera.bit_depth", (INFO, "Sensor Pixel Depth"), "Of the sensor.", take="integer"),
    HeaderKey("camera.sensor_pixel_size", (INFO, "Sensor Pixel Pitch (micrometers)"), "Of the sensor.", "um"),
    HeaderKey(
        "magnification",
        DE_MAGNIFICATION,
        "−1 where the server could not ask.",
        take="worked out",
    ),
    HeaderKey("instrument.name", (BLOCK, "Microscope type"), _FEI, take="text"),
    HeaderKey("instrument.name", (INFO, "Instrument Project Name"), _DE, take="text"),
    HeaderKey(
        "instrument.serial_number", (BLOCK, "D-Number"), "The maker's number of the microscope.", take="text"
    ),
    HeaderKey("instrument.software", (BLOCK, "Application"), _FEI, take="text"),
    HeaderKey("instrument.software", DE_SOFTWARE, _DE, take="text", prefix="DE Server "),
    HeaderKey("acquired_at", OLE_DAYS, "Local, without a zone.", take="worked out"),
    HeaderKey("acquired_at", UNIX_TIME, "UTC, of a DE camera.", take="worked out"),
    HeaderKey("technique", MODE, "STEM or not, and which plane a camera saw.", take="worked out"),
    HeaderKey("technique", DETECTOR, "A STEM detector's name makes a scanned image.", take="worked out"),
    HeaderKey(
        "scan_shape", SHAPE, "`Scan - Size` or `Scan - ROI Size`, else the depositor's.", take="worked out"
    ),
    *array_keys(
        "diffraction_pixel_size",
        why="`Diffraction Pixel Size` of a DE camera's text, which the maker's own reader takes in 1/nm; −1 is "
        "none.",
    ),
    *array_keys(
        "scan_step",
        "pixel_size",
        why="The text's `Specimen Pixel Size`, else the block's `Pixel size X` before cell and grid, which many "
        "programs leave at 1 Å a pixel.",
    ),
)
