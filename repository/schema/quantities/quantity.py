"""Quantities as documents hold them, and as numbers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.quantities.units import UNITS, convert, find_unit_code, to_si

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
_SPECIAL = r"[+-]?(?:nan|inf(?:inity)?)"
_TEXT = re.compile(
    rf"^\s*(?P<about>~|≈|ca\.?\s|about\s)?\s*(?P<first>{_NUMBER}|{_SPECIAL})"
    rf"(?:\s*(?:–|—|\.\.|-|to)\s*(?P<last>{_NUMBER})|\s*(?:±|\+/-)\s*(?P<spread>{_NUMBER}))?"
    r"\s*(?P<unit>.*?)\s*$",
    re.IGNORECASE,
)


class QuantityTextError(ValueError):
    """The text cannot be read as a number with a unit."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of a quantity in one unit: one, two (y, x), or the ends of a range."""

    numbers: tuple[float, ...]
    unit: str
    is_range: bool = False

    def in_unit(self, unit: str) -> tuple[float, ...]:
        """Return the numbers in another unit of the same dimension (UnitMismatchError otherwise)."""
        return tuple(convert(number, self.unit, unit) for number in self.numbers)

    def in_si(self) -> tuple[float, ...]:
        """Return the numbers in SI."""
        return tuple(to_si(number, self.unit) for number in self.numbers)


def is_number(entry: Any) -> bool:
    """Say whether the entry is a JSON number (true and false are not)."""
    return isinstance(entry, int | float) and not isinstance(entry, bool)


def read_quantity(entry: Any) -> Reading | None:
    """Return the numbers of a well-formed quantity with a known unit, else None."""
    unit = entry.get("unit") if isinstance(entry, Mapping) else None
    if not isinstance(unit, str) or unit not in UNITS:
        return None
    is_range = "range" in entry
    found = entry.get("range", entry.get("value", entry.get("values")))
    numbers = found if isinstance(found, list) else [found]
    if not numbers or not all(is_number(number) and math.isfinite(number) for number in numbers):
        return None
    return Reading(tuple(float(number) for number in numbers), unit, is_range)


def parse_quantity_text(text: str) -> dict[str, Any]:
    """Read a quantity as people type it: "200 kV", "20-30 mrad", "24.1 ± 0.4 mrad", "~50 pA".

    Returns
    -------
    dict
        `{value|range, unit?, uncertainty?, basis?}`; `unit` is absent when none was typed and left as typed
        when unknown, so that validation can name it. A range and "about" carry `basis: estimated`.

    Raises
    ------
    QuantityTextError
        When no number stands at the start, or a comma could mean thousands.
    """
    match = _TEXT.match(text)
    if match is None:
        raise QuantityTextError(f"{text!r} does not start with a number")
    quantity: dict[str, Any] = {}
    first = _number(match["first"])
    if match["last"] is not None:
        quantity["range"] = [first, _number(match["last"])]
        quantity["basis"] = "estimated"
    else:
        quantity["value"] = first
    if match["spread"] is not None:
        quantity["uncertainty"] = _number(match["spread"])
    if match["about"] is not None:
        quantity["basis"] = "estimated"
    if match["unit"]:
        quantity["unit"] = find_unit_code(match["unit"]) or match["unit"]
    return quantity


def _number(text: str) -> float | int:
    if re.search(r"\d,\d{3}$", text):
        raise QuantityTextError(f"{text!r} may be a thousands separator or a decimal comma; write a point")
    number = float(text.replace(",", "."))
    return int(number) if text.lstrip("+-").isdigit() else number


def format_quantity(reading: Reading) -> str:
    """Return the quantity as a sentence shows it: "20 – 30 mrad", "(0.1, 0.2) nm", "200 kV"."""
    parts = [f"{number:.6g}" for number in reading.numbers]
    if reading.is_range:
        return f"{' – '.join(parts)} {reading.unit}"
    return f"{parts[0]} {reading.unit}" if len(parts) == 1 else f"({', '.join(parts)}) {reading.unit}"
