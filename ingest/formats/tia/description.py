"""The emi file: pieces of XML between bytes, one piece for each picture or spectrum that TIA showed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

_OPENS, _CLOSES = b"<ObjectInfo>", b"</ObjectInfo>"
_MOST_BYTES = 1 << 30
_MOST_PIECE = 1 << 20
_MOST_PIECES = 64
_TABLE = "ExperimentalDescription"


def read_objects(path: Path) -> list[dict[str, Any]]:
    """Return what each piece says of its picture; pieces without a description of the microscope are left out."""
    if path.stat().st_size > _MOST_BYTES:
        return []
    content = path.read_bytes()
    found: list[dict[str, Any]] = []
    start = content.find(_OPENS)
    while start >= 0 and len(found) < _MOST_PIECES:
        end = content.find(_CLOSES, start)
        if end < 0:
            break
        if end - start <= _MOST_PIECE:
            found.extend(_parse(content[start : end + len(_CLOSES)]))
        start = content.find(_OPENS, end)
    return found


def _parse(piece: bytes) -> list[dict[str, Any]]:
    try:
        said = _to_dict(fromstring(piece))
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return []
    return [said] if isinstance(said, dict) and said.get(_TABLE) else []


def _to_dict(element: Element) -> Any:
    if element.tag == _TABLE:
        return _read_table(element)
    children = list(element)
    if not children:
        return (element.text or "").strip()
    return {child.tag: _to_dict(child) for child in children}


def _read_table(element: Element) -> dict[str, Any]:
    """Return label and value of each line, the unit behind the label as RosettaSciIO writes it."""
    table: dict[str, Any] = {}
    for line in element.iter("Data"):
        label, value, unit = ((line.findtext(tag) or "").strip() for tag in ("Label", "Value", "Unit"))
        if label:
            table[f"{label}_{unit}" if unit else label] = _to_number(value) if unit else value
    return table


def _to_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def match_objects(objects: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return for each numbered series what is known of it.

    An emi also describes the pictures that were shown before; nothing in it says which piece is of which series. So
    the n-th piece is that of the n-th series only where there are as many of both; else only what all pieces agree in
    is said.
    """
    if len(objects) == len(numbers) and sorted(numbers) == list(range(1, len(numbers) + 1)):
        return [dict(objects[number - 1]) for number in numbers]
    shared = _agree(objects)
    return [shared for _ in numbers]


def _agree(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not objects:
        return {}
    first, *others = objects
    agreed: dict[str, Any] = {}
    for key, value in first.items():
        values = [other.get(key) for other in others]
        if isinstance(value, Mapping):
            agreed[key] = _agree([value, *(entry if isinstance(entry, Mapping) else {} for entry in values)])
        elif all(entry == value for entry in values):
            agreed[key] = value
    return agreed
