"""OME-TIFF: XML in the first description says which page, of which file, is which plane of which picture."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ingest.formats.tiff.told import parse_xml, plain_tag
from ingest.readers.companions import check_bare_name
from ingest.readers.contract import Axis, ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, refuse
from ingest.readers.units import calibrated_axis

MARK = "http://www.openmicroscopy.org/Schemas/"
_ORDERS = {"XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"}
_NAMES = {"T": "time", "C": "channel", "Z": "z"}
_MOST_PLANES = 1_000_000
_MOST_PICTURES = 4096


@dataclass(frozen=True, slots=True)
class Plane:
    """Where one plane lies: a page, counted from 0, of a file; no name means this file."""

    file: str
    page: int


@dataclass(frozen=True, slots=True)
class OmePicture:
    """One picture: its leading axes, the slowest first, and a plane for each position, None where none is told."""

    name: str
    size: tuple[int, int]
    leading: tuple[Axis, ...]
    unit_y: tuple[str, float | None]
    unit_x: tuple[str, float | None]
    planes: tuple[Plane | None, ...]


@dataclass(frozen=True, slots=True)
class OmeSet:
    """All pictures that one XML describes.

    `named` are all files with planes, its own too; `described_in` is the file that describes them where this does not.
    """

    pictures: tuple[OmePicture, ...]
    values: Mapping[str, Any]
    named: tuple[str, ...] = ()
    described_in: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the other files with planes, in their order."""
        named = (plane.file for picture in self.pictures for plane in picture.planes if plane and plane.file)
        return tuple(dict.fromkeys(named))


def parse_ome(text: str, *, inside: str) -> OmeSet | None:
    """Return what an OME-XML describes; None where the text is none.

    Raises
    ------
    ReadRefusedError
        `path_inside_file`, where it names another file by a path; `ome_planes_unreadable`, where its numbers are none.
    """
    if MARK not in text[:4096] and "<OME" not in text[:4096]:
        return None
    root = parse_xml(text)
    if root is None or plain_tag(root) != "OME":
        return None
    elsewhere = _child(root, "BinaryOnly")
    if elsewhere is not None:
        name = check_bare_name(elsewhere.get("MetadataFile", ""), inside=inside, field="BinaryOnly")
        return OmeSet((), {}, described_in=name)
    pictures: list[OmePicture] = []
    described: list[dict[str, Any]] = []
    for image in _children(root, "Image")[:_MOST_PICTURES]:
        pixels = _child(image, "Pixels")
        if pixels is not None:
            pictures.append(_read_picture(image, pixels, inside, root.get("UUID", "")))
            date = _child(image, "AcquisitionDate")
            described.append(
                {
                    "Name": image.get("Name", ""),
                    "Pixels": dict(pixels.attrib),
                    "AcquisitionDate": "" if date is None else (date.text or "").strip(),
                }
            )
        if sum(len(picture.planes) for picture in pictures) > _MOST_PLANES:
            raise _refuse_planes(inside, f"more than {_MOST_PLANES} planes")
    values: dict[str, Any] = {"Creator": root.get("Creator", ""), "Images": described}
    if described:
        values["Image"] = described[0]
    named = (entry.get("FileName", "") for entry in root.iter() if plain_tag(entry) == "UUID")
    return OmeSet(tuple(pictures), values, tuple(dict.fromkeys(filter(None, named))))


def _read_picture(image: Element, pixels: Element, inside: str, own: str) -> OmePicture:
    order = pixels.get("DimensionOrder", "")
    sizes = {letter: _whole(pixels, f"Size{letter}", inside) for letter in "XYZCT"}
    channels = [_whole(channel, "SamplesPerPixel", inside, 1) for channel in _children(pixels, "Channel")]
    per_pixel = channels[0] if channels and len(set(channels)) == 1 else 1
    if per_pixel > 1 and sizes["C"] % per_pixel == 0:
        sizes["C"] //= per_pixel
    planes = sizes["Z"] * sizes["C"] * sizes["T"]
    if order not in _ORDERS or not 0 < planes <= _MOST_PLANES:
        raise _refuse_planes(inside, f"{planes} planes in the order “{order}”")
    fast_first = order[2:]
    steps = {"T": ("TimeIncrement", "s"), "Z": ("PhysicalSizeZ", "um")}
    leading = tuple(
        _axis(pixels, _NAMES[letter], sizes[letter], *steps.get(letter, ("", "")))
        for letter in reversed(fast_first)
        if sizes[letter] > 1
    )
    return OmePicture(
        name=image.get("Name", ""),
        size=(sizes["Y"], sizes["X"]),
        leading=leading,
        unit_y=_step(pixels, "PhysicalSizeY", "um"),
        unit_x=_step(pixels, "PhysicalSizeX", "um"),
        planes=_list_planes(pixels, fast_first, sizes, inside, own),
    )


def _list_planes(
    pixels: Element, fast_first: str, sizes: Mapping[str, int], inside: str, own: str
) -> tuple[Plane | None, ...]:
    """Return where each plane lies, in the order of the planes.

    An entry without a page says that the pages of the file are the planes in their order; one without a count that it
    is one plane, unless it names no page either. `own` is the file's own identifier: what lies in it needs no name.
    """
    total = math.prod(sizes[letter] for letter in fast_first)
    found: list[Plane | None] = [None] * total
    told = 0
    for entry in _children(pixels, "TiffData"):
        first = 0
        for letter in reversed(fast_first):
            first = first * sizes[letter] + _whole(entry, f"First{letter}", inside, 0)
        page = _whole(entry, "IFD", inside, 0)
        count = _whole(entry, "PlaneCount", inside, total - first if entry.get("IFD") is None else 1)
        told += count
        if not 0 <= first < total or count > total - first or told > 2 * total:
            raise _refuse_planes(inside, f"planes {first} to {first + count} of {total}")
        file = _read_file_name(entry, inside, own)
        for index in range(count):
            found[first + index] = Plane(file, page + index)
    return tuple(found)


def _read_file_name(entry: Element, inside: str, own: str) -> str:
    named = _child(entry, "UUID")
    if named is None or not named.get("FileName") or (own and (named.text or "").strip() == own):
        return ""
    return check_bare_name(named.get("FileName", ""), inside=inside, field="TiffData")


def _refuse_planes(inside: str, what: str) -> ReadRefusedError:
    return refuse("ome_planes_unreadable", f"{inside} describes {what}.", UPLOAD_AGAIN)


def _axis(pixels: Element, name: str, size: int, attribute: str, unit: str) -> Axis:
    if not attribute:
        return Axis(name, size)
    given, step = _step(pixels, attribute, unit)
    return calibrated_axis(name, size, unit=given, scale=step)


def _step(pixels: Element, attribute: str, default: str) -> tuple[str, float | None]:
    try:
        step = float(pixels.get(attribute, ""))
    except ValueError:
        return default, None
    return pixels.get(f"{attribute}Unit", default), step


def _whole(element: Element, attribute: str, inside: str, default: int | None = None) -> int:
    text = element.get(attribute)
    if text is None and default is not None:
        return default
    if text is None or not text.strip().isdecimal() or len(text) > 9:  # noqa: PLR2004 - digits of a size
        raise refuse("ome_planes_unreadable", f"{inside} has no readable {attribute}.", UPLOAD_AGAIN)
    return int(text)


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if plain_tag(child) == name]


def _child(element: Element, name: str) -> Element | None:
    found = _children(element, name)
    return found[0] if found else None
