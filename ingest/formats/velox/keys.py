"""Velox: which entry of its JSON wins for which quantity, and why. Numbers are texts in SI units."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

ROOT = "velox"
OPTICS, SCAN, STAGE, DETECTOR = (ROOT, "Optics"), (ROOT, "Scan"), (ROOT, "Stage"), "detector of the signal"
STARTED: Key = (ROOT, "Acquisition", "AcquisitionStartDatetime", "DateTime")
DETECTORS: Key = (ROOT, "Detectors")
EXPOSURE: Key = ("signals", "data", "acquisition", "exposureTime")
SCANNING, CONVERGENT, CAMERA, X_RAYS = "scanned", "convergent", "picture of a camera", "X-rays"

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (*OPTICS, "AccelerationVoltage"), "The only one.", "V"),
    HeaderKey(
        "semi_convergence_angle",
        (*OPTICS, "BeamConvergence"),
        "Only where the beam was scanned: Velox writes one in TEM mode too, some of them negative.",
        "rad",
        when=(SCANNING,),
    ),
    HeaderKey("camera_length", (*OPTICS, "CameraLength"), "In m; as displayed.", "m"),
    HeaderKey(
        "spot_size", (*OPTICS, "SpotIndex"), "The instrument's number.", take="integer", within=(1, 100)
    ),
    HeaderKey("dwell_time", (*SCAN, "DwellTime"), "Of one position, in one frame.", "s", when=(SCANNING,)),
    HeaderKey(
        "scan_rotation",
        (*SCAN, "ScanRotation"),
        "As displayed, of the image.",
        "rad",
        when=(SCANNING,),
        zero=True,
        negative=True,
    ),
    *(
        HeaderKey(
            field, (*STAGE, *name), "Of the goniometer.", unit, basis="measured", zero=True, negative=True
        )
        for field, name, unit in (
            ("stage_tilt_x", ("AlphaTilt",), "rad"),
            ("stage_tilt_y", ("BetaTilt",), "rad"),
            ("stage_position_x", ("Position", "x"), "m"),
            ("stage_position_y", ("Position", "y"), "m"),
            ("stage_position_z", ("Position", "z"), "m"),
        )
    ),
    HeaderKey(
        "exposure_time",
        (DETECTOR, "ExposureTime"),
        "Of the camera that gave the signal.",
        "s",
        when=(CAMERA,),
    ),
    HeaderKey("exposure_time", EXPOSURE, "Of one spectrum of an EELS map.", "s"),
    HeaderKey(
        "live_time", (DETECTOR, "LiveTime"), "Of the X-ray detector of the signal.", "s", when=(X_RAYS,)
    ),
    HeaderKey("eds.real_time", (DETECTOR, "RealTime"), "Of the same detector.", "s", when=(X_RAYS,)),
    HeaderKey("eds.elevation", (DETECTOR, "ElevationAngle"), "Of the same detector.", "rad", when=(X_RAYS,)),
    HeaderKey(
        "eds.azimuth", (DETECTOR, "AzimuthAngle"), "Of the same detector.", "rad", when=(X_RAYS,), zero=True
    ),
    HeaderKey(
        "annular_detectors",
        DETECTORS,
        "`CollectionAngleRange` of each detector that gave an image; 0 where it was retracted.",
        take="worked out",
    ),
    HeaderKey(
        "camera.name", (DETECTOR, "DetectorName"), "Not of a scanned image.", take="text", when=(CAMERA,)
    ),
    HeaderKey("eds.detector", (DETECTOR, "DetectorName"), "As it stands.", take="text", when=(X_RAYS,)),
    HeaderKey("instrument.name", (ROOT, "Instrument", "InstrumentModel"), "As it stands.", take="text"),
    HeaderKey("instrument.model", (ROOT, "Instrument", "InstrumentModel"), "As it stands.", take="text"),
    HeaderKey("instrument.serial_number", (ROOT, "Instrument", "InstrumentId"), "As it stands.", take="text"),
    HeaderKey("instrument.manufacturer", (ROOT, "Instrument", "Manufacturer"), "As it stands.", take="text"),
    HeaderKey(
        "instrument.software",
        (ROOT, "Instrument", "ControlSoftwareVersion"),
        "Version of Velox.",
        take="text",
        prefix="Velox ",
    ),
    HeaderKey("acquired_at", STARTED, "Seconds since 1970, UTC.", take="worked out"),
    HeaderKey("technique", ("signals",), "What kinds of arrays there are.", take="worked out"),
    HeaderKey("scan_shape", SHAPE, "Of the map or the image.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        "diffraction_pixel_size",
        "energy_axis",
        why="`PixelSize`, or the field of view over the size of the scan; `Dispersion` of an X-ray detector; "
        "`dispersion` of an EELS map.",
    ),
)
