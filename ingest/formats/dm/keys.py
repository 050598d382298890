"""DigitalMicrograph: which tag wins for which quantity, in which mode, and why.

``T`` is ``ImageList.TagGroupN.ImageTags`` of the image that became the signal `data`, ``I`` that image.
"""

from ingest.mapping.keys import SHAPE, HeaderKey, Key, KeyTable, array_keys

STEM, SEM, IMAGING, DIFFRACTION, UNSTATED = "STEM", "SEM", "TEM imaging", "TEM diffraction", "mode not stated"
SPECTRA, PATTERNS, IMAGE = "spectra", "patterns", "scanned image"

SCOPE: Key = ("T", "Microscope Info")
SCAN: Key = ("T", "DigiScan")
SI: Key = ("T", "SI", "Acquisition")
CL: Key = ("T", "CL", "Acquisition")
EELS: Key = ("T", "EELS", "Acquisition")
EDS: Key = ("T", "EDS", "Acquisition")
BAR: Key = ("T", "DataBar")
ROOT_BAR: Key = ("DataBar",)
TECNAI: Key = ("T", "Tecnai", "Microscope Info")
BRIGHTNESS: Key = ("I", "ImageData", "Calibrations", "Brightness")
CONDITIONS: Key = ("T", "EELS", "Experimental Conditions")
_STAGE: Key = (*SCOPE, "Stage Position")
_PARAMETERS: Key = ("T", "Acquisition", "Parameters")
_DETECTOR: Key = ("T", "EDS", "Detector Info")
_NOT_SEM = (STEM, IMAGING, DIFFRACTION, UNSTATED)

PIXEL_TIME: Key = (*SI, "Pixel time (s)")
SAMPLE_TIME: Key = (*SCAN, "Sample Time")
CAMERA_LENGTH: Key = (*SCOPE, "STEM Camera Length")
MAGNIFICATION: Key = (*SCOPE, "Indicated Magnification")
ROTATION, ROTATION_OFFSET = (*SCAN, "Rotation"), (*SCAN, "Rotation Offset")
SERIAL_DWELL = ((*CL, "Dwell time (s)"), (*CL, "Dwell time"))

_BEAM: KeyTable = (
    HeaderKey(
        "acceleration_voltage", (*SCOPE, "Voltage"), "The only number; “Formatted Voltage” is rounded.", "V"
    ),
    HeaderKey(
        "semi_convergence_angle",
        (*CONDITIONS, "Convergence semi-angle (mrad)"),
        "Typed in by the operator for EELS; no other tag holds it.",
        "mrad",
    ),
    HeaderKey(
        "probe_current", (*SCOPE, "Probe Current (nA)"), "0 unless a cup was read.", "nA", basis="measured"
    ),
    HeaderKey("emission_current", (*SCOPE, "Emission Current (µA)"), "Of the gun.", "uA", basis="measured"),
    HeaderKey(
        "camera_length",
        CAMERA_LENGTH,
        "Of the STEM table. Not in SEM mode, which has none and writes 0 or 1; nor in TEM mode, where it is left over.",
        "mm",
        when=(STEM, UNSTATED),
    ),
    HeaderKey(
        "camera_length",
        MAGNIFICATION,
        "In diffraction mode the instrument indicates its camera length, in mm, in place of a magnification.",
        "mm",
        when=(DIFFRACTION,),
    ),
    HeaderKey(
        "magnification",
        MAGNIFICATION,
        "A magnification wherever an image is indicated; in STEM mode “DIFFRACTION” tells of the projector only.",
        take="number",
        when=(STEM, SEM, IMAGING, UNSTATED),
        within=(0.1, 1e9),
    ),
    HeaderKey(
        "illumination", (*SCOPE, "Illumination Mode"), "STEM means a convergent probe.", take="worked out"
    ),
    HeaderKey("lens_mode", (*SCOPE, "Illumination Mode"), "As it stands.", take="text"),
    HeaderKey("spot_size", (*SCOPE, "Spot Size"), "A tag of its own.", take="integer", within=(1, 100)),
    HeaderKey("spot_size", TECNAI, "FEI's plug-in writes one text: “Spot 4”.", take="worked out"),
)

_TIME: KeyTable = (
    HeaderKey(
        "dwell_time",
        PIXEL_TIME,
        "Set for one pixel of the spectrum image, so it wins over DigiScan's own sample time. Of an image that was "
        "scanned finer (“Scan sub-pixel”) it is shared by the sub-pixels.",
        "s",
        take="worked out",
    ),
    *(
        HeaderKey(
            "dwell_time", key, "Of a serial spectrum: the time at each wavelength.", "s", take="worked out"
        )
        for key in SERIAL_DWELL
    ),
    HeaderKey(
        "dwell_time",
        SAMPLE_TIME,
        "DigiScan's time for one sample: of an image that is its pixel. Not of spectra or patterns whose detector "
        "was exposed for longer.",
        "us",
        take="worked out",
    ),
    *(
        HeaderKey("exposure_time", key, why, "s")
        for key, why in (
            ((*_PARAMETERS, "Detector", "exposure (s)"), "What the detector was told last."),
            ((*_PARAMETERS, "High Level", "Exposure (s)"), "What the person asked for, rounded to frames."),
            ((*EELS, "Exposure (s)"), "Of one read-out, not of the sum."),
            ((*CL, "Exposure (s)"), "Of one read-out, not of the sum."),
            ((*BAR, "Exposure Time (s)"), "A copy for display."),
        )
    ),
    HeaderKey(
        "live_time",
        ("T", "EDS", "Live time"),
        "“Exposure (s)” of EDS is only a preset.",
        "s",
        basis="measured",
    ),
    HeaderKey(
        "eds.real_time", ("T", "EDS", "Real time"), "The clock beside the live time.", "s", basis="measured"
    ),
    HeaderKey(
        "frames_summed",
        (*SCAN, "Number Summing Frames"),
        "Only where “Sum Frames” is true: the number also stands where nothing was summed.",
        take="worked out",
    ),
    HeaderKey("frames_summed", (*EELS, "Number of frames"), "Read-outs in one spectrum.", take="integer"),
    HeaderKey("frames_summed", (*CL, "Number of frames"), "Read-outs in one spectrum.", take="integer"),
    *(
        HeaderKey("acquired_at", key, why, take="worked out")
        for key, why in (
            ((*BAR, "Acquisition Time (OS)"), "A FILETIME: UTC, and clear in every country."),
            (("T", "Timestamp"), "ISO text, of Nion Swift."),
            (
                (*BAR, "Acquisition Date"),
                "Text in the computer's style, with “Acquisition Time”, and no zone.",
            ),
            ((*ROOT_BAR, "Acquisition Time (OS)"), "The same at the root of the file."),
            ((*ROOT_BAR, "Acquisition Date"), "The same at the root of the file."),
            *(
                ((*group, "Date"), "Text, with “Start time” of the same group.")
                for group in (SI, EELS, EDS, CL)
            ),
            ((*CL, "Acquisition begin"), "Date and time in one text."),
        )
    ),
    *(
        HeaderKey(
            "acquisition_duration", (*group, "End time"), "From “Start time”, to a second.", take="worked out"
        )
        for group in (SI, EELS, EDS, CL)
    ),
)

_SCAN_AND_STAGE: KeyTable = (
    HeaderKey(
        "scan_rotation",
        ROTATION,
        "The beam turns by this and by “Rotation Offset” together: with an offset of 180° the steps change sign.",
        "deg",
        take="worked out",
    ),
    HeaderKey("scan_rotation", ROTATION_OFFSET, "Added to “Rotation”.", "deg", take="worked out"),
    *(
        HeaderKey(
            f"stage_tilt_{axis}",
            (*_STAGE, name),
            "Of the goniometer. In SEM mode “Stage Beta” is a rotation, so neither counts there.",
            "deg",
            when=_NOT_SEM,
            basis="measured",
            zero=True,
            negative=True,
        )
        for axis, name in (("x", "Stage Alpha"), ("y", "Stage Beta"))
    ),
    *(
        HeaderKey(
            f"stage_position_{axis}",
            (*_STAGE, f"Stage {axis.upper()}"),
            "Micrometers in every mode.",
            "um",
            basis="measured",
            zero=True,
            negative=True,
        )
        for axis in "xyz"
    ),
    *(
        HeaderKey(
            field, TECNAI, "“Stage x um, y um, z um, a deg, b deg” of FEI's plug-in.", take="worked out"
        )
        for field in (
            "stage_position_x",
            "stage_position_y",
            "stage_position_z",
            "stage_tilt_x",
            "stage_tilt_y",
        )
    ),
)

_DETECTORS: KeyTable = (
    HeaderKey(
        "collection_semi_angle",
        (*CONDITIONS, "Collection semi-angle (mrad)"),
        "Typed in by the operator for EELS.",
        "mrad",
        when=_NOT_SEM,
    ),
    HeaderKey(
        "spectrometer.name",
        ("T", "EELS Spectrometer", "Instrument name"),
        "Of the spectrometer itself.",
        take="text",
    ),
    HeaderKey(
        "spectrometer.name",
        (*EELS, "Spectrometer", "Instrument name"),
        "A copy with the spectrum.",
        take="text",
    ),
    HeaderKey("eds.elevation", (*_DETECTOR, "Elevation angle"), "Of the detector.", "deg"),
    HeaderKey("eds.azimuth", (*_DETECTOR, "Azimuthal angle"), "Of the detector.", "deg", zero=True),
    HeaderKey("eds.solid_angle", (*_DETECTOR, "Solid angle"), "Of the detector.", "sr"),
    HeaderKey(
        "camera.name", ("T", "Acquisition", "Device", "Name"), "Of the camera that was read.", take="text"
    ),
    HeaderKey(
        "camera.electrons_per_count",
        (*BRIGHTNESS, "Scale"),
        "Where its “Units” are electrons: one stored count is as many. The stored values are counts.",
        take="worked out",
    ),
    HeaderKey(
        "intensity_unit",
        (*BRIGHTNESS, "Units"),
        "Only with “Scale” 1 and “Origin” 0; else unit and scale belong together, and the values are not rescaled.",
        take="worked out",
    ),
)

_WORDS: KeyTable = (
    HeaderKey("sample.name", ("T", "Session Info", "Specimen"), "Newer versions.", take="text"),
    HeaderKey("sample.name", (*SCOPE, "Specimen"), "Older versions.", take="text"),
    HeaderKey("instrument.name", ("T", "Session Info", "Microscope"), "What people call it.", take="text"),
    HeaderKey("instrument.name", (*SCOPE, "Microscope"), "The same in older versions.", take="text"),
    HeaderKey("instrument.name", (*SCOPE, "Name"), "The name of the driver.", take="text"),
    HeaderKey(
        "instrument.software",
        ("T", "GMS Version", "Created"),
        "“Saved” may be of a later program.",
        take="text",
        prefix="Gatan DigitalMicrograph ",
    ),
    HeaderKey(
        "technique",
        ("T", "Meta Data", "Signal"),
        "EELS, X-ray or CL, where the array has such an axis.",
        take="worked out",
    ),
    HeaderKey(
        "technique",
        ("I", "Name"),
        "A title such as HAADF, of a scanned image.",
        take="worked out",
        when=_NOT_SEM,
    ),
    HeaderKey(
        "level",
        (*_PARAMETERS, "High Level", "Processing"),
        "Says which corrections were made.",
        take="worked out",
    ),
    HeaderKey("scan_shape", SHAPE, "What was stored, after any crop.", take="worked out"),
    *array_keys(
        "scan_step",
        "pixel_size",
        "diffraction_pixel_size",
        "energy_axis",
        "wavelength_axis",
        why="`ImageData.Calibrations.Dimension` belongs to the array as stored; “Field of View” does not after a crop.",
    ),
)

KEYS: KeyTable = (*_BEAM, *_TIME, *_SCAN_AND_STAGE, *_DETECTORS, *_WORDS)
