"""The block of TVIPS' EM-MENU, of which only numbers and texts at fixed places are known."""

from typing import Any

import numpy as np

from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.page import Page
from ingest.formats.tiff.told import Told, build_frame, number_in
from ingest.readers.contract import ReadRefusedError
from ingest.readers.header_json import to_text
from ingest.readers.refusals import tell

_TVIPS = 37706
_TVIPS_MAGIC = 0xAAAAAAAA
_V1 = (
    "HighTension", "SphericalAberration", "IlluminationAperture", "Magnification", "PostMagnification:f4",
    "FocalLength", "Defocus", "Astigmatism", "AstigmatismDirection", "BiprismVoltage", "SpecimenTiltAngle",
    "SpecimenTiltDirection", "IlluminationTiltDirection", "IlluminationTiltAngle", "ImageMode",
    "EnergySpread", "ChromaticAberration", "ShutterType", "DefocusSpread", "CcdNumber", "CcdSize",
    "OffsetXV1", "OffsetYV1", "PhysicalPixelSize", "Binning", "ReadoutSpeed", "GainV1", "SensitivityV1",
    "ExposureTimeV1", "FlatCorrected", "DeadPxCorrected", "ImageMean", "ImageStd", "DisplacementX",
    "DisplacementY", "DateV1", "TimeV1", "ImageMin", "ImageMax", "ImageStatisticsQuality",
)  # fmt: skip
# name, type, repetitions; texts are UTF-16
_V2 = (
    ("ImageName", "text", 160), ("ImageFolder", "text", 160), ("ImageSizeX", "i4", 1), ("ImageSizeY", "i4", 1),
    ("ImageSizeZ", "i4", 1), ("ImageSizeE", "i4", 1), ("ImageDataType", "i4", 1), ("Date", "i4", 1), ("Time", "i4", 1),
    ("Comment", "text", 1024), ("ImageHistory", "text", 1024), ("Scaling", "f4", 16), ("ImageStatistics", "c16", 16),
    ("ImageType", "i4", 1), ("ImageDisplayType", "i4", 1), ("PixelSizeX", "f4", 1), ("PixelSizeY", "f4", 1),
    ("ImageDistanceZ", "f4", 1), ("ImageDistanceE", "f4", 1), ("ImageMisc", "f4", 32), ("TemType", "text", 160),
    ("TemHighTension", "f4", 1), ("TemAberrations", "f4", 32), ("TemEnergy", "f4", 32), ("TemMode", "i4", 1),
    ("TemMagnification", "f4", 1), ("TemMagnificationCorrection", "f4", 1), ("PostMagnification", "f4", 1),
    ("TemStageType", "i4", 1), ("TemStagePosition", "f4", 5), ("TemImageShift", "f4", 2), ("TemBeamShift", "f4", 2),
    ("TemBeamTilt", "f4", 2), ("TilingParameters", "f4", 7), ("TemIllumination", "f4", 3), ("TemShutter", "i4", 1),
    ("TemMisc", "f4", 32), ("CameraType", "text", 160), ("PhysicalPixelSizeX", "f4", 1),
    ("PhysicalPixelSizeY", "f4", 1), ("OffsetX", "i4", 1), ("OffsetY", "i4", 1), ("BinningX", "i4", 1),
    ("BinningY", "i4", 1), ("ExposureTime", "f4", 1), ("Gain", "f4", 1), ("ReadoutRate", "f4", 1),
    ("FlatfieldDescription", "text", 160), ("Sensitivity", "f4", 1), ("Dose", "f4", 1), ("CamMisc", "f4", 32),
    ("FeiMicroscopeInformation", "text", 1024), ("FeiSpecimenInformation", "text", 1024), ("Magic", "u4", 1),
)  # fmt: skip
_STAGE = ("StageX_m", "StageY_m", "StageZ_m", "StageA_deg", "StageB_deg")
_DIFFRACTION_MODES = {3, 4}


def read_tvips(directory: Directory, page: Page) -> Told | None:
    """Return what EM-MENU says: a block of version 1, to which version 2 adds its own behind it.

    Lengths of the pixel nm, voltage V, exposure ms, stage m and degree; the date is a number year · 65536 + month · 256
    + day, the time counts seconds since midnight.
    """
    entry = directory.entries.get(_TVIPS)
    if entry is None:
        return None
    place = int(directory.integer(_TVIPS)) if entry.inline else entry.at
    first = _tvips_type(1)
    try:
        values = _unpack_block(directory.source.at(place, first.itemsize), first)
        claimed = place + first.itemsize
        if values.get("Version") == 2:  # noqa: PLR2004 - of the block
            second = _tvips_type(2)
            more = _unpack_block(directory.source.at(claimed, second.itemsize), second)
            if more.pop("Magic") == _TVIPS_MAGIC:
                values |= more
                claimed += second.itemsize
    except ReadRefusedError as error:
        return Told("TVIPS EM-MENU", "tvips", {}, findings=(error.finding,))
    values |= dict(zip(_STAGE, values.pop("TemStagePosition", []), strict=False))
    found = _read_tvips_frame(values, page)
    return Told("TVIPS EM-MENU", "tvips", values, claimed=claimed, **found)


def _tvips_type(version: int) -> np.dtype[Any]:
    if version == 1:
        named = [name.partition(":") for name in _V1]
        fields = [
            ("Version", "<i4"),
            ("CommentV1", "V80"),
            *((name, f"<{kind or 'i4'}") for name, _, kind in named),
        ]
        return np.dtype(fields)
    return np.dtype(
        [(name, f"V{count}") if kind == "text" else (name, f"<{kind}", (count,)) for name, kind, count in _V2]
    )


def _unpack_block(raw: bytes, layout: np.dtype[Any]) -> dict[str, Any]:
    record = np.frombuffer(raw, layout)[0]
    found: dict[str, Any] = {}
    for name in layout.names or ():
        value = record[name]
        if isinstance(value, np.void):
            plain = value.tobytes()
            is_wide = name != "CommentV1"
            text = plain.decode("utf-16-le", "ignore") if is_wide else to_text(plain)
            found[name] = text.partition("\0")[0].strip()
        else:
            numbers = np.atleast_1d(value).tolist()
            found[name] = numbers[0] if len(numbers) == 1 else numbers
    return found


def _read_tvips_frame(values: dict[str, Any], page: Page) -> dict[str, Any]:
    steps = (number_in(values, "PixelSizeY"), number_in(values, "PixelSizeX"))
    if values.get("TemMode") not in _DIFFRACTION_MODES:
        return {"frame": build_frame(page.shape, unit="nm", steps=steps)}
    message = (
        f"{page.path.name} was taken in diffraction mode; the unit of its pixel size {steps[0]} is not known."
    )
    told = tell("axis_unit_unknown", message, "Give diffraction_pixel_size in the metadata.")
    return {"frame": build_frame(page.shape, names=("detector_y", "detector_x")), "findings": (told,)}
