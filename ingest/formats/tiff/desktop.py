"""TIFFs of programs that process or record: Gatan, ImageJ, Hamamatsu, MetaMorph and Micro-Manager."""

import json
import re
from typing import Any

import numpy as np

from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.page import Page, Tag
from ingest.formats.tiff.told import Told, build_frame, to_number
from ingest.readers.contract import Axis, ReadRefusedError
from ingest.readers.refusals import tell, warn
from ingest.readers.units import calibrated_axis, is_time, listed_axis
from repository.schema.findings import Finding

# Gatan's tags of (y, x, z): unit, offset in that unit, step
_GATAN = {"y": (65004, 65007, 65010), "x": (65003, 65006, 65009), "z": (65005, 65008, 65011)}
_GATAN_VALUES = {"unit": 65022, "offset": 65024, "scale": 65025}


def read_gatan(directory: Directory, page: Page) -> Told | None:
    """Return what DigitalMicrograph's tags say of the axes; HyperSpy writes the same ones."""
    if not any(tag in directory for tags in _GATAN.values() for tag in tags):
        return None
    values: dict[str, Any] = {}
    for axis, (unit, offset, step) in _GATAN.items():
        values[axis] = {
            "unit": directory.text(unit),
            "offset": directory.real(offset) or 0.0,
            "scale": directory.real(step),
        }
    values["intensity"] = {
        name: directory.text(tag) if name == "unit" else directory.real(tag)
        for name, tag in _GATAN_VALUES.items()
    }
    y, x, z = values["y"], values["x"], values["z"]
    own = directory.text(Tag.SOFTWARE)
    program = f"Gatan tags, written by {own}" if own else "Gatan DigitalMicrograph"
    frame_y, frame_x = (
        build_frame(page.shape, unit=side["unit"], steps=(side["scale"],) * 2, offsets=(side["offset"],) * 2)[
            index
        ]
        for index, side in enumerate((y, x))
    )
    depth = calibrated_axis("z", 1, unit=z["unit"], scale=z["scale"], offset=z["offset"])
    name = "time" if is_time(z["unit"]) else "z" if depth.unit == "nm" else "series"
    leading = (Axis(name, 1, depth.unit, depth.scale, depth.offset),) if depth.unit else ()
    return Told(
        program,
        "gatan",
        values,
        frame=(frame_y, frame_x),
        leading=leading,
        intensity_unit=values["intensity"]["unit"],
        units=tuple(values[axis]["unit"] for axis in "yxz"),
    )


_IJ_COUNTS, _IJ_VALUES = 50838, 50839
_MOST_BLOCKS = 100_000
_DIMENSIONS = (("frames", "time"), ("slices", "z"), ("channels", "channel"))
_WORDS = {"micron": "um", "microns": "um", "\\u00b5m": "um", "angstrom": "A"}
_PRINT_UNITS = {"inch", "cm", "pixel", "pixels", ""}  # of ImageJ where nobody set a scale


def read_imagej(directory: Directory, page: Page) -> Told | None:
    """Return what ImageJ says in its description, and the text that it shows as "Info".

    A stack of more than 4 GB has one directory: its other frames follow the first.
    """
    text = directory.text(Tag.DESCRIPTION)
    if not text.startswith("ImageJ="):
        return None
    pairs = (line.partition("=") for line in text.splitlines())
    values: dict[str, Any] = {key.strip(): to_number(value.strip()) for key, _, value in pairs if value}
    values["Info"] = _read_info(directory)
    unit, y_unit = (_to_unit(values.get(key)) for key in ("unit", "yunit"))
    steps = [_divide_one(directory.ratio(tag)) for tag in (Tag.Y_RESOLUTION, Tag.X_RESOLUTION)]
    frame = (
        build_frame(page.shape, unit=y_unit or unit, steps=(steps[0], steps[0]))[0],
        build_frame(page.shape, unit=unit, steps=(steps[1], steps[1]))[1],
    )
    counted = values.get("images")
    frames = int(counted) if isinstance(counted, float) and counted.is_integer() and counted > 1 else 0
    return Told(
        f"ImageJ {text.partition(chr(10))[0].partition('=')[2].strip()}",
        "imagej",
        values,
        frame=frame,
        leading=_imagej_dimensions(values, frames, _to_unit(values.get("zunit")) or unit),
        frames=frames,
        findings=_tell_calibration(values, page),
        units=tuple(filter(None, (unit, y_unit))),
    )


def _to_unit(given: Any) -> str:
    word = given if isinstance(given, str) else ""
    return "" if word.casefold() in _PRINT_UNITS else _WORDS.get(word.casefold(), word)


def _divide_one(number: float | None) -> float | None:
    return 1 / number if number else None


def _imagej_dimensions(values: dict[str, Any], frames: int, unit: str) -> tuple[Axis, ...]:
    """Return time, depth and channels, as far as their sizes make the number of frames."""
    found: list[Axis] = []
    for key, name in _DIMENSIONS:
        size = values.get(key)
        if not isinstance(size, float) or not size.is_integer() or size < 2:  # noqa: PLR2004 - one is no axis
            continue
        step = values.get({"time": "finterval", "z": "spacing"}.get(name, ""))
        scale = step if isinstance(step, float) else None
        axis = calibrated_axis(name, int(size), unit="s" if name == "time" else unit, scale=scale)
        is_bare = name == "z" and axis.unit is None  # any stack has slices
        found.append(Axis("series", axis.size) if is_bare else axis)
    return tuple(found) if frames == int(np.prod([axis.size for axis in found])) else ()


def _tell_calibration(values: dict[str, Any], page: Page) -> tuple[Finding, ...]:
    if not isinstance(values.get("cf"), float):
        return ()
    said = ", ".join(
        f"{key} {values[key]:g}" for key in ("c0", "c1", "c2") if isinstance(values.get(key), float)
    )
    unit = values.get("vunit", "")
    message = (
        f"ImageJ turns the values of {page.path.name} into others ({said} {unit}); they are given as stored."
    )
    return (
        tell(
            "intensity_scale_not_applied",
            message.replace(" )", ")"),
            "Give intensity_calibration if it matters.",
        ),
    )


def _read_info(directory: Directory) -> str:
    """Return the text that ImageJ keeps for a person; its blocks are listed in one tag and stand in another."""
    try:
        lengths = directory.numbers(_IJ_COUNTS, most=_MOST_BLOCKS).tolist()
        raw = directory.raw(_IJ_VALUES)
    except ReadRefusedError:
        return ""
    order = "be" if raw[:4] == b"IJIJ" else "le"
    at = int(lengths[0]) if lengths else 0
    place = 1
    for start in range(4, min(at, len(raw)) - 7, 8):
        kind = raw[start : start + 4] if order == "be" else raw[start : start + 4][::-1]
        count = int.from_bytes(raw[start + 4 : start + 8], "big" if order == "be" else "little")
        lengths_here = lengths[place : place + count]
        if kind == b"info" and lengths_here:
            return raw[at : at + int(lengths_here[0])].decode(f"utf-16-{order}", "replace")
        at += int(sum(lengths_here))
        place += count
    return ""


_PAIRS = re.compile(r'([^=,]+)=("[^"]*"|[^,]*)')
_SCALE_AT = re.compile(r"#(\d+),(\d+)")
_STRAIGHT = 1e-3  # of a step: how far positions may lie off a line


def read_hamamatsu(directory: Directory, page: Page) -> Told | None:
    """Return what a streak camera's program says: wavelength across, time downward, each with a table of positions."""
    software = directory.text(Tag.SOFTWARE)
    if not (software.startswith("HPD-TA") and directory.text(Tag.ARTIST).startswith("Copyright Hamamatsu")):
        return None
    values: dict[str, Any] = {}
    for line in directory.text(Tag.DESCRIPTION).splitlines():
        head, _, rest = line.partition(",")
        values[head.strip(" []")] = {key: text.strip('"') for key, text in _PAIRS.findall(rest)}
    scaling = values.get("Scaling", {})
    findings: list[Finding] = []
    x, x_end = _read_scale(directory, scaling, "X", page, findings)
    y, y_end = _read_scale(directory, scaling, "Y", page, findings)
    return Told(
        "Hamamatsu HPD-TA",
        "hamamatsu",
        values,
        frame=(y, x),
        findings=tuple(findings),
        claimed=max(x_end, y_end),
    )


def _read_scale(
    directory: Directory, scaling: dict[str, str], side: str, page: Page, findings: list[Finding]
) -> tuple[Axis, int]:
    """Return one axis, and where its table ends: a line through it where it is straight, else pixels and a word."""
    size = page.shape[1 if side == "X" else 0]
    unit = scaling.get(f"Scaling{side}Unit", "")
    found = _SCALE_AT.fullmatch(scaling.get(f"Scaling{side}ScalingFile", ""))
    if found is None or not unit or int(found[2]) != size:
        return Axis(side.lower(), size), 0
    start = int(found[1])
    try:
        table = np.frombuffer(directory.source.at(start, 4 * size), "<f4").astype(np.float64)
    except ReadRefusedError:
        return Axis(side.lower(), size), 0
    if not np.isfinite(table).all():
        return Axis(side.lower(), size), start + 4 * size
    step = float((table[-1] - table[0]) / max(size - 1, 1))
    off = np.abs(table - (table[0] + step * np.arange(size))).max()
    is_wavelength = side == "X" and unit == "nm"
    name = "wavelength" if is_wavelength else side.lower()
    if off <= _STRAIGHT * abs(step):
        return calibrated_axis(name, size, unit=unit, scale=step, offset=float(table[0])), start + 4 * size
    message = (
        f"The positions along {side.lower()} of {page.path.name} go from {table[0]:g} to {table[-1]:g} {unit} "
        f"and are up to {off:.3g} {unit} off a straight line"
    )
    listed = listed_axis(name, table, unit=unit)
    if listed is not None:
        findings.append(tell("axis_listed", f"{message}.", "Readers get each listed position."))
        return listed, start + 4 * size
    message += "; the axis is given in pixels."
    findings.append(
        warn(
            "axis_not_uniform",
            message,
            "Readers see this axis in pixels; the table of its positions stays in the file.",
        )
    )
    return Axis(name, size), start + 4 * size


_METAMORPH, _METAMORPH_PLANES, _MICROMANAGER = 33628, 33629, 51123


def read_metamorph(directory: Directory, page: Page) -> Told | None:
    """Return what MetaMorph says: how many planes follow each other behind the one directory."""
    if _METAMORPH_PLANES not in directory:
        return None
    planes = directory.entries[_METAMORPH_PLANES].values
    frames = planes if planes > 1 else 0
    return Told("MetaMorph", "metamorph", {"planes": planes}, frame=build_frame(page.shape), frames=frames)


def read_micromanager(directory: Directory, page: Page) -> Told | None:
    """Return what Micro-Manager says of the first frame."""
    try:
        values = json.loads(directory.text(_MICROMANAGER) or "null")
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return None
    step = values.get("PixelSizeUm")
    known = float(step) if isinstance(step, int | float) and step > 0 else None
    return Told(
        "Micro-Manager",
        "micromanager",
        values,
        frame=build_frame(page.shape, unit="um", steps=(known, known)),
    )
