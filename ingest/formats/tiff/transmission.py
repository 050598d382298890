"""Pictures of TEM cameras: JEOL SightX and Olympus' iTEM, each by its own tags."""

import struct
from typing import Any

from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.page import Page, Tag
from ingest.formats.tiff.told import Told, build_frame, find_in, number_in, parse_xml, to_dict
from ingest.readers.contract import Axis, ReadRefusedError
from repository.schema.quantities.electrons import compute_wavelength

_INCH_M = 0.0254
_METERS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}


def read_jeol(directory: Directory, page: Page) -> Told | None:
    """Return what SightX says, as XML in the description."""
    if not directory.text(Tag.MAKE).startswith("JEOL"):
        return None
    root = parse_xml(directory.text(Tag.DESCRIPTION))
    values = {} if root is None else to_dict(root)
    if not isinstance(values, dict) or "Eos" not in values:
        return Told("JEOL", "jeol", values if isinstance(values, dict) else {})
    values.pop("OptionalPartsInfo", None)
    return Told("JEOL SightX", "jeol", values, frame=_jeol_frame(values, directory, page))


def _jeol_frame(values: dict[str, Any], directory: Directory, page: Page) -> tuple[Axis, Axis]:
    """Return the axes: a pixel of the screen over the magnification, or over the camera length and the wavelength.

    The camera says how many pixels it has to a meter of screen; the tag of the resolution has them to an inch,
    rounded. In ASID mode the beam is scanned, and magnification and camera length are not those of the screen.
    """
    camera = ("JemBaumerCamera", "Parameter", "ImageDataInformation", "PixelsPerMeter")
    found = [number_in(values, *camera, side) for side in ("Vertical", "Horizontal")]
    per_inch = [directory.ratio(tag) for tag in (Tag.Y_RESOLUTION, Tag.X_RESOLUTION)]
    pixels = [
        1 / own if own else _INCH_M / dpi if dpi else None for own, dpi in zip(found, per_inch, strict=True)
    ]
    mode, imaging = find_in(values, "Eos", "EosMode"), "ImageFormingSystem"
    value = number_in(values, imaging, "SelectorValue")
    if mode != "eosTEM" or not value:
        is_camera = "amera" in str(find_in(values, "ImageSourceDetector"))
        return build_frame(
            page.shape, names=("detector_y", "detector_x") if is_camera else ("scan_y", "scan_x")
        )
    if find_in(values, imaging, "ModeString") == "MAG":
        return build_frame(page.shape, unit="m", steps=_divide(pixels, value))
    length = value * _METERS.get(str(find_in(values, imaging, "SelectorUnitString")), 0.0)
    volts = number_in(values, "ElectronGun", "AccelerationVoltage")
    if find_in(values, imaging, "ModeString") == "DIFF" and length and volts and volts > 0:
        return build_frame(page.shape, unit="1/m", steps=_divide(pixels, length * compute_wavelength(volts)))
    return build_frame(page.shape)


def _divide(pixels: list[float | None], by: float) -> tuple[float | None, float | None]:
    y, x = (None if pixel is None else pixel / by for pixel in pixels)
    return y, x


_OLYMPUS = 33560
_GENERAL_BLOCK = 1


def read_olympus(directory: Directory, page: Page) -> Told | None:
    """Return what Olympus' programs say: a block of numbers, of which few are known, and the time of exposure."""
    place = directory.integer(_OLYMPUS)
    if not place and not directory.text(Tag.MAKE).startswith("Olympus"):
        return None
    values: dict[str, Any] = {}
    try:
        if place:
            values = _read_sis(directory, place)
    except (ReadRefusedError, struct.error):
        values = {}
    steps = (number_in(values, "pixel_size_y_m"), number_in(values, "pixel_size_x_m"))
    frame = build_frame(page.shape, unit="m", steps=steps) if all(steps) else None
    # Its block points at others, which nobody knows; they fill the rest of the file.
    return Told("Olympus Soft Imaging", "olympus", values, frame=frame, claimed=directory.source.size)


def _read_sis(directory: Directory, place: int) -> dict[str, Any]:
    head = directory.source.at(place, 60)
    mark, minute, hour, day, month, year, name, blocks = struct.unpack("<4s6xhhhhh6x32sH", head)
    if mark != b"SIS0":
        return {}
    values: dict[str, Any] = {"name": _to_plain(name)}
    if 0 <= month < 12:  # noqa: PLR2004 - months, counted from 0
        values["time"] = f"{1900 + year:04}-{month + 1:02}-{day:02}T{hour:02}:{minute:02}"
    for index in range(min(blocks, 64)):
        kind, _, at = struct.unpack("<hhI", directory.source.at(place + 60 + 8 * index, 8))
        if kind == _GENERAL_BLOCK:
            power, x, y, magnification, camera, picture = struct.unpack(
                "<10xhdd8xd2x34s32s", directory.source.at(at, 112)
            )
            unit = 10.0**power if abs(power) < 30 else 0.0  # noqa: PLR2004 - no length needs more
            values |= {"pixel_size_x_m": x * unit, "pixel_size_y_m": y * unit, "magnification": magnification}
            values |= {"camera": _to_plain(camera), "picture": _to_plain(picture)}
    return values


def _to_plain(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1").strip()
