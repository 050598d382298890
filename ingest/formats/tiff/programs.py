"""Which program wrote a TIFF: the first that finds its own words, an instrument's before a converter's."""

import json
import math
from collections.abc import Callable
from typing import Any

from ingest.formats.tiff.desktop import (
    read_gatan,
    read_hamamatsu,
    read_imagej,
    read_metamorph,
    read_micromanager,
)
from ingest.formats.tiff.directory import Directory
from ingest.formats.tiff.page import Page, Tag
from ingest.formats.tiff.scanned import read_thermo, read_zeiss
from ingest.formats.tiff.told import Told, build_frame
from ingest.formats.tiff.transmission import read_jeol, read_olympus
from ingest.formats.tiff.tvips import read_tvips
from ingest.readers.contract import Axis
from ingest.readers.refusals import tell

Ask = Callable[[Directory, Page], Told | None]

_INCH, _CENTIMETER = 2, 3
_MICROMETERS = {_INCH: 25_400.0, _CENTIMETER: 10_000.0}
_COARSEST_UM = 1.0
_MOST_NAME = 60
_LETTERS = {"T": "time", "Z": "z", "C": "channel"}


def read_shaped(directory: Directory, page: Page) -> Told | None:
    """Return what the Python library tifffile says: the shape of the array, as JSON in the description."""
    text = directory.text(Tag.DESCRIPTION)
    if not text.startswith('{"'):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    shape = values.get("shape") if isinstance(values, dict) else None
    if not isinstance(shape, list) or not all(isinstance(size, int) and size > 0 for size in shape):
        return None
    own = len(page.array_shape)
    leading = tuple(size for size in shape[:-own] if size > 1)
    if tuple(shape[-own:]) != page.array_shape:
        return None
    return Told(
        "tifffile (Python)",
        "tifffile",
        values,
        leading=_name_leading(leading, values),
        frames=_frames(leading),
    )


def _frames(leading: tuple[int, ...]) -> int:
    frames = math.prod(leading)
    return frames if frames > 1 else 0


def _name_leading(sizes: tuple[int, ...], values: dict[str, Any]) -> tuple[Axis, ...]:
    letters = values.get("axes")
    if isinstance(letters, str) and len(letters) == len(values["shape"]):
        named = [letter for letter, size in zip(letters, values["shape"], strict=True) if size > 1]
        names = [_LETTERS.get(letter, "") for letter in named[: len(sizes)]]
        if all(names) and len(set(names)) == len(names):
            return tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True))
    if len(sizes) == 1:
        return (Axis("series", sizes[0]),)
    return tuple(Axis(f"series_{number}", size) for number, size in enumerate(sizes, 1))


_PROGRAMS: tuple[Ask, ...] = (
    read_thermo,
    read_zeiss,
    read_tvips,
    read_jeol,
    read_olympus,
    read_hamamatsu,
    read_metamorph,
    read_micromanager,
    read_gatan,
    read_imagej,
    read_shaped,
)


def ask_programs(directory: Directory, page: Page) -> Told:
    """Return what the program that wrote a page says of it; where none is known, what the standard's tags say."""
    for ask in _PROGRAMS:
        told = ask(directory, page)
        if told is not None:
            return told
    return Told(name_device(directory), "", {})


def name_device(directory: Directory) -> str:
    """Return what the standard's tags call the device, else the program."""
    device = " ".join(filter(None, (directory.text(Tag.MAKE), directory.text(Tag.MODEL))))
    return (device or directory.text(Tag.SOFTWARE))[:_MOST_NAME]


def read_resolution(directory: Directory, page: Page) -> Told:
    """Return the axes that the standard's resolution gives: only where it is finer than anything that is printed."""
    per_um = _MICROMETERS.get(directory.integer(Tag.RESOLUTION_UNIT, _INCH), 0.0)
    ratios = [directory.ratio(tag) for tag in (Tag.Y_RESOLUTION, Tag.X_RESOLUTION)]
    y, x = (per_um / ratio if ratio and per_um else None for ratio in ratios)
    if y is None or x is None or max(y, x) > _COARSEST_UM:
        return Told("", "", {}, frame=build_frame(page.shape))
    message = (
        f"{y:.4g} × {x:.4g} µm a pixel is the resolution of {page.path.name} that is meant for printing."
    )
    hint = "It is finer than any printer's, so it is taken for the step. Give pixel_size if you know better."
    found = (tell("step_from_print_resolution", message, hint),)
    return Told("", "", {}, frame=build_frame(page.shape, unit="um", steps=(y, x)), findings=found)
