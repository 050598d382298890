"""What a program wrote into a TIFF beside the picture: which program it was, its words, and its calibration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingest.readers.contract import Axis
from ingest.readers.units import calibrated_axis, is_reciprocal
from repository.schema.findings import Finding

MOST_DEPTH = 32
_MOST_SAME = 64


@dataclass(frozen=True, slots=True)
class Told:
    """What one program says.

    Attributes
    ----------
    program
        Product and program, as people call them.
    root
        Where its words stand in the header document.
    values
        Its words.
    frame
        Axes (y, x) of one frame.
    leading
        Axes of a stack, the slowest first, where the program tells them.
    frames
        How many frames follow each other behind the first page, where the program says so; else 0.
    intensity_unit
        As the program calls the unit of the values.
    findings
        What a person should know of it.
    claimed
        Byte up to which the program's own blocks reach.
    units
        Of the axes, as the program writes them, where a person may have typed them.
    """

    program: str
    root: str
    values: Mapping[str, Any]
    frame: tuple[Axis, Axis] | None = None
    leading: tuple[Axis, ...] = ()
    frames: int = 0
    intensity_unit: str = ""
    findings: tuple[Finding, ...] = field(default=())
    claimed: int = 0
    units: tuple[str, ...] = ()


def build_frame(
    shape: tuple[int, int],
    *,
    unit: str | None = None,
    steps: tuple[float | None, float | None] = (None, None),
    offsets: tuple[float, float] = (0.0, 0.0),
    names: tuple[str, str] | None = None,
) -> tuple[Axis, Axis]:
    """Return the axes (y, x) of a frame; those of a diffraction plane are a detector's, others `y, x`.

    Parameters
    ----------
    shape, steps, offsets
        Of (y, x).
    unit
        As the program writes it.
    names
        Where it is known what the axes are.
    """
    chosen = names or (("detector_y", "detector_x") if is_reciprocal(unit) else ("y", "x"))
    y, x = (
        calibrated_axis(name, size, unit=unit, scale=step, offset=offset)
        for name, size, step, offset in zip(chosen, shape, steps, offsets, strict=True)
    )
    return y, x


def to_number(text: str) -> float | str:
    """Return a text as a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def read_sections(text: str) -> dict[str, dict[str, float | str]]:
    """Return the sections of a text of `[name]` and `key=value` lines."""
    found: dict[str, dict[str, float | str]] = {}
    section: dict[str, float | str] = {}
    for line in text.splitlines():
        plain = line.strip()
        if plain.startswith("[") and plain.endswith("]"):
            section = found.setdefault(plain[1:-1], {})
            continue
        key, equals, value = plain.partition("=")
        if equals and key.strip():
            section[key.strip()] = to_number(value.strip())
    return found


def parse_xml(text: str) -> Element | None:
    """Return the root of an XML text; None where it is none, or refers to anything outside itself."""
    try:
        root: Element = fromstring(text.strip(" \r\n\t\x00\x01\ufeff").encode())
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return None
    return root


def plain_tag(element: Element) -> str:
    """Return the name of an element without its name space."""
    return element.tag.rpartition("}")[2]


def to_dict(element: Element, *, depth: int = 0) -> Any:
    """Return an element as JSON: children by their names, those of one name as a list, texts as they stand."""
    children = list(element)
    if not children or depth > MOST_DEPTH:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in children:
        name, value = plain_tag(child), to_dict(child, depth=depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            if len(found[name]) < _MOST_SAME:
                found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def find_in(values: Mapping[str, Any], *path: str) -> Any:
    """Return what stands at a path of names, or None."""
    found: Any = values
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def number_in(values: Mapping[str, Any], *path: str) -> float | None:
    """Return the number at a path of names, also from its text."""
    found = find_in(values, *path)
    found = to_number(found) if isinstance(found, str) else found
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number else None
