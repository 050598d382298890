"""TIFF: which words of which program win for which quantity, and why. Each program has a root of its own."""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

FEI, FEI_TABLE, ZEISS, TVIPS, JEOL = "fei", ("fei_tem", "table"), "zeiss", "tvips", "jeol"
OLYMPUS, HAMAMATSU, OME = "olympus", "hamamatsu", "ome"
IMAGING, DIFFRACTION, CAMERA = "imaging", "diffraction", "picture of a camera"

FEI_DATE: Key = (FEI, "User", "Date")
FEI_CREATED: Key = (FEI, "PrivateFei", "TimeOfCreation")
ZEISS_DATE: Key = (ZEISS, "AP_DATE", "value")
ZEISS_MAGNIFICATION: Key = (ZEISS, "AP_MAG", "value")
TVIPS_DATE: Key = (TVIPS, "Date")
TVIPS_VOLTAGE: Key = (TVIPS, "HighTension")
JEOL_TIME: Key = (JEOL, "DateTime")
JEOL_LENGTH: Key = (JEOL, "ImageFormingSystem", "SelectorValue")
JEOL_STAGE: Key = (JEOL, "GonioStage", "StagePosition")
OLYMPUS_TIME: Key = (OLYMPUS, "time")
HAMAMATSU_DATE: Key = (HAMAMATSU, "Application", "Date")
OME_TIME: Key = (OME, "Image", "AcquisitionDate")
WRITTEN: Key = ("tiff", "date_time")

_XT = "Thermo Fisher's xT, in SI units."
_TEM = "Thermo Fisher's table of a TEM; the unit stands in the name."
_ZEISS = "SmartSEM writes the unit beside it."

KEYS: KeyTable = (
    HeaderKey("acceleration_voltage", (FEI, "Beam", "HV"), f"Of the beam that made the picture. {_XT}", "V"),
    HeaderKey(
        "acceleration_voltage", (FEI, "EBeam", "HV"), "The electron column's, where `Beam` is absent.", "V"
    ),
    HeaderKey("acceleration_voltage", (*FEI_TABLE, "High tension_kV"), _TEM, "kV"),
    HeaderKey(
        "acceleration_voltage",
        (ZEISS, "AP_ACTUALKV", "value"),
        f"Measured; `AP_MANUALKV` is asked for. {_ZEISS}",
        "kV",
    ),
    HeaderKey("acceleration_voltage", (TVIPS, "TemHighTension"), "Block of version 2.", "V"),
    HeaderKey("acceleration_voltage", TVIPS_VOLTAGE, "Version 1 alone, in 0.1 V.", take="worked out"),
    HeaderKey("acceleration_voltage", (JEOL, "ElectronGun", "AccelerationVoltage"), "The only one.", "V"),
    HeaderKey(
        "probe_current",
        (FEI, "EBeam", "BeamCurrent"),
        f"Of the chosen aperture; `SpecimenCurrent` is what the stage takes. {_XT}",
        "A",
    ),
    HeaderKey("probe_current", (ZEISS, "AP_IPROBE", "value"), _ZEISS, "A"),
    HeaderKey("emission_current", (FEI, "EBeam", "EmissionCurrent"), _XT, "A", basis="measured"),
    HeaderKey("emission_current", (*FEI_TABLE, "Emission_uA"), _TEM, "uA", basis="measured"),
    HeaderKey(
        "emission_current",
        (JEOL, "ElectronGun", "EmissionCurrent"),
        "`BeamCurrent` beside it is the gun's too, and no probe current.",
        "uA",
        basis="measured",
    ),
    HeaderKey("condenser_aperture", (FEI, "EBeam", "ApertureDiameter"), _XT, "m"),
    HeaderKey("dwell_time", (FEI, "Scan", "Dwelltime"), _XT, "s"),
    HeaderKey("dwell_time", (FEI, "EScan", "Dwell"), "The electron beam's, where `Scan` is absent.", "s"),
    HeaderKey("dwell_time", (ZEISS, "DP_DWELL_TIME", "value"), _ZEISS, "ns"),
    HeaderKey(
        "frames_summed",
        (FEI, "Image", "Integrate"),
        "0 says nothing.",
        take="integer",
    ),
    HeaderKey("exposure_time", (TVIPS, "ExposureTime"), "Block of version 2.", "ms"),
    HeaderKey(
        "exposure_time",
        (JEOL, "JemBaumerCamera", "Parameter", "ExposureTimeValue"),
        "Of the screen's camera, in µs.",
        "us",
        when=(CAMERA,),
    ),
    HeaderKey(
        "exposure_time", (HAMAMATSU, "Acquisition", "ExposureTime"), "Of one exposure, with its unit.", "s"
    ),
    HeaderKey("camera_length", (*FEI_TABLE, "Camera length_m"), _TEM, "m"),
    HeaderKey(
        "camera_length", JEOL_LENGTH, "In diffraction mode; the unit stands beside it.", take="worked out"
    ),
    HeaderKey(
        "camera_length",
        (TVIPS, "TemMagnification"),
        "In diffraction mode the microscope gives its camera length, in mm.",
        "mm",
        when=(DIFFRACTION,),
    ),
    HeaderKey("magnification", (*FEI_TABLE, "Magnification_x"), _TEM, take="number", within=(0.1, 1e9)),
    HeaderKey(
        "magnification", JEOL_LENGTH, "In imaging mode.", take="number", when=(IMAGING,), within=(0.1, 1e9)
    ),
    HeaderKey(
        "magnification",
        (TVIPS, "TemMagnification"),
        "In imaging mode.",
        take="number",
        when=(IMAGING,),
        within=(0.1, 1e9),
    ),
    HeaderKey("magnification", ZEISS_MAGNIFICATION, "A text: “50.00 K X”.", take="worked out"),
    HeaderKey("magnification", (OLYMPUS, "magnification"), "As displayed.", take="number", within=(0.1, 1e9)),
    HeaderKey(
        "spot_size",
        (JEOL, "IlluminationSystem", "SpotSizeString"),
        "The number that the panel shows; `SpotSize` counts from 0.",
        take="integer",
        within=(1, 100),
    ),
    HeaderKey("spot_size", (*FEI_TABLE, "Spot size"), _TEM, take="integer", within=(1, 100)),
    HeaderKey("lens_mode", (JEOL, "ImageFormingSystem", "ModeString"), "As it stands.", take="text"),
    HeaderKey("lens_mode", (*FEI_TABLE, "Mode"), "As it stands.", take="text"),
    HeaderKey("scan_rotation", (FEI, "Beam", "ScanRotation"), _XT, "rad", zero=True, negative=True),
    *(
        HeaderKey(field, key, why, unit, basis="measured", zero=True, negative=True)
        for field, key, why, unit in (
            ("stage_tilt_x", (FEI, "Stage", "StageT"), _XT, "rad"),
            ("stage_tilt_x", (*FEI_TABLE, "Stage A_deg"), _TEM, "deg"),
            ("stage_tilt_x", (ZEISS, "AP_STAGE_AT_T", "value"), _ZEISS, "deg"),
            (
                "stage_tilt_x",
                (TVIPS, "StageA_deg"),
                "Fourth of EM-MENU's stage; RosettaSciIO reads degrees too.",
                "deg",
            ),
            ("stage_tilt_x", (*JEOL_STAGE, "TX"), "Degrees.", "deg"),
            ("stage_tilt_y", (*FEI_TABLE, "Stage B_deg"), _TEM, "deg"),
            ("stage_tilt_y", (TVIPS, "StageB_deg"), "Fifth of EM-MENU's stage.", "deg"),
            ("stage_tilt_y", (*JEOL_STAGE, "TY"), "Degrees.", "deg"),
            ("stage_rotation", (FEI, "Stage", "StageR"), _XT, "rad"),
            ("stage_rotation", (ZEISS, "AP_STAGE_AT_R", "value"), _ZEISS, "deg"),
            ("stage_position_x", (FEI, "Stage", "StageX"), _XT, "m"),
            ("stage_position_x", (*FEI_TABLE, "Stage X_um"), _TEM, "um"),
            ("stage_position_x", (ZEISS, "AP_STAGE_AT_X", "value"), _ZEISS, "mm"),
            ("stage_position_x", (TVIPS, "StageX_m"), "First of EM-MENU's stage, in m.", "m"),
            ("stage_position_y", (FEI, "Stage", "StageY"), _XT, "m"),
            ("stage_position_y", (*FEI_TABLE, "Stage Y_um"), _TEM, "um"),
            ("stage_position_y", (ZEISS, "AP_STAGE_AT_Y", "value"), _ZEISS, "mm"),
            ("stage_position_y", (TVIPS, "StageY_m"), "Second of EM-MENU's stage, in m.", "m"),
            ("stage_position_z", (FEI, "Stage", "StageZ"), _XT, "m"),
            ("stage_position_z", (*FEI_TABLE, "Stage Z_um"), _TEM, "um"),
            ("stage_position_z", (ZEISS, "AP_STAGE_AT_Z", "value"), _ZEISS, "mm"),
            ("stage_position_z", (TVIPS, "StageZ_m"), "Third of EM-MENU's stage, in m.", "m"),
            ("stage_position_z", (*JEOL_STAGE, "MZ"), "Of the motor, in nm.", "nm"),
        )
    ),
    *(
        HeaderKey(
            f"stage_position_{side}",
            (*JEOL_STAGE, f"M{letter}"),
            f"Motor and piezo (`P{letter}`) together, in nm.",
            take="worked out",
        )
        for side, letter in (("x", "X"), ("y", "Y"))
    ),
    HeaderKey("instrument.name", (FEI, "System", "SystemType"), "As it stands.", take="text"),
    HeaderKey("instrument.name", (*FEI_TABLE, "Microscope"), "As it stands.", take="text"),
    HeaderKey("instrument.name", (JEOL, "Instruments"), "As it stands.", take="text"),
    HeaderKey(
        "instrument.name",
        (HAMAMATSU, "Streak camera", "DeviceName"),
        "The streak camera; the microscope is not told.",
        take="text",
    ),
    HeaderKey("instrument.manufacturer", (JEOL, "Manufacturer"), "As it stands.", take="text"),
    HeaderKey(
        "instrument.serial_number",
        (ZEISS, "SV_SERIAL_NUMBER", "value"),
        "Begins with the model.",
        take="text",
    ),
    HeaderKey(
        "instrument.software", (FEI, "System", "Software"), "Version of xT.", take="text", prefix="xT "
    ),
    HeaderKey(
        "instrument.software",
        (ZEISS, "SV_VERSION", "value"),
        "Version of SmartSEM.",
        take="text",
        prefix="SmartSEM ",
    ),
    HeaderKey(
        "instrument.software",
        (HAMAMATSU, "Application", "SoftwareVersion"),
        "Version of HPD-TA.",
        take="text",
        prefix="HPD-TA ",
    ),
    HeaderKey("camera.name", (TVIPS, "CameraType"), "As it stands.", take="text"),
    HeaderKey(
        "camera.name",
        (JEOL, "JemBaumerCamera", "Modelname"),
        "Of the screen's camera.",
        take="text",
        when=(CAMERA,),
    ),
    HeaderKey("camera.name", (OLYMPUS, "camera"), "As it stands.", take="text"),
    HeaderKey("camera.name", (HAMAMATSU, "Camera", "CameraName"), "As it stands.", take="text"),
    HeaderKey(
        "camera.sensor_pixel_size", (TVIPS, "PhysicalPixelSizeX"), "Of the unbinned sensor, in nm.", "nm"
    ),
    HeaderKey("camera.binning", (TVIPS, "BinningX"), "As it stands.", take="integer"),
    HeaderKey("acquired_at", FEI_DATE, "With `Time`: local text, without a zone.", take="worked out"),
    HeaderKey(
        "acquired_at",
        FEI_CREATED,
        "Where `Date` could be two days: the day comes first here.",
        take="worked out",
    ),
    HeaderKey("acquired_at", ZEISS_DATE, "With `AP_TIME`: local, without a zone.", take="worked out"),
    HeaderKey(
        "acquired_at",
        TVIPS_DATE,
        "Year · 65536 + month · 256 + day; `Time` counts seconds of that day.",
        take="worked out",
    ),
    HeaderKey("acquired_at", JEOL_TIME, "With the zone.", take="worked out"),
    HeaderKey("acquired_at", OLYMPUS_TIME, "To a minute, without a zone.", take="worked out"),
    HeaderKey("acquired_at", HAMAMATSU_DATE, "With `Time`, where the day is clear.", take="worked out"),
    HeaderKey("acquired_at", OME_TIME, "As it stands.", take="worked out"),
    HeaderKey(
        "acquired_at",
        WRITTEN,
        "Of programs that record; a converter writes its own time there.",
        take="worked out",
    ),
    HeaderKey("scan_shape", SHAPE, "Of a scanned picture, else the depositor's.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        why="The program's own step: of the beam in a scanned picture without letters in it.",
    ),
    *array_keys("diffraction_pixel_size", why="Where the program's unit is one of a diffraction plane."),
    *array_keys("wavelength_axis", why="A streak camera's table of positions, where it is straight."),
)
