"""Quantities as documents hold them, and as numbers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.quantities.typed_numbers import (
    NumberTextError,
    clean_text,
    scan_number,
    shorten,
    write_number,
)
from repository.schema.quantities.units import UNITS, convert, find_unit_code, to_si

_ABOUT = re.compile(
    r"(?:[~∼≈≃]|(?:ca\.?|c\.|circa|about|approx\.?|approximately|around|roughly|etwa)(?=[\s\d.,+-]))\s*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:between|from)\s", re.IGNORECASE)
_TO = re.compile(r"\s*(?:–|—|\.\.\.?|…|-|to(?![^\W\d_])|bis(?![^\W\d_])|and(?![^\W\d_]))\s*", re.IGNORECASE)
_GIVE_OR_TAKE = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
_SECOND_FOLLOWS = re.compile(r"(?P<spread>±|\+/-|\+-)|–|—|\.\.\.?|…|^-")
_AND = re.compile(r"\s*[;×]\s*|\s+x\s+|,\s+", re.IGNORECASE)
_LIMIT = re.compile(r"[<>≤≥]")
_WORDS: Mapping[str, tuple[int, str]] = {
    "untilted": (0, "deg"), "not tilted": (0, "deg"), "no tilt": (0, "deg"),
}  # fmt: skip
"""Words that are a value with its unit."""
_EXAMPLES = "Write a number and its unit: 20 mrad, 20–22 mrad, 21.4 ± 0.3 mrad, ~20 mrad."


class QuantityTextError(ValueError):
    """The text cannot be read as a number with a unit.

    Attributes
    ----------
    reason
        What of the text cannot be read and why, as a sentence.
    hint
        What to write instead.
    """

    def __init__(self, reason: str, hint: str = _EXAMPLES) -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(f"{reason} {hint}")


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


def parse_quantity_text(text: str, *, unit: str | None = None) -> dict[str, Any]:
    """Read a quantity as people type it: "200 kV", "20-30 mrad", "24.1 ± 0.4 mrad", "~50 pA", "untilted".

    Metadata, search, forms, tables and the headers of files are all read here, and nowhere else.

    Parameters
    ----------
    unit
        The unit of a number typed without one, where that is certain: it was chosen beside it, or heads its column.

    Returns
    -------
    dict
        `{value|range, unit?, uncertainty?, basis?}`; several numbers are a list as `value`. `unit` is absent when
        none was typed and left as typed when unknown, so that validation can name it. A range and "about" carry
        `basis: estimated`. The ends of a range stand as they were typed, also where it runs backwards.

    Raises
    ------
    QuantityTextError
        No number stands at the start, or it could be two.
    """
    try:
        return _parse(clean_text(text), unit)
    except NumberTextError as error:
        raise QuantityTextError(str(error), error.hint) from error


def _parse(text: str, unit: str | None) -> dict[str, Any]:
    word = _WORDS.get(text.lower())
    if word is not None:
        return {"value": word[0], "unit": word[1]}
    about = _ABOUT.match(text)
    rest = text[about.end() :] if about else text
    between = _BETWEEN.match(rest)
    rest = _open_brackets(rest[between.end() :] if between else rest)
    first = scan_number(rest)
    if first is None:
        raise _refuse_start(text)
    number, end = first
    quantity = _read_rest(number, rest[end:], has_and=between is not None)
    if about is not None:
        quantity["basis"] = "estimated"
    if not quantity.get("unit"):
        quantity.pop("unit", None)
        quantity |= {} if unit is None else {"unit": find_unit_code(unit) or unit}
    return quantity


def _open_brackets(text: str) -> str:
    """Return "(0.1, 0.2) nm" and "(21.4 ± 0.3) mrad" without their brackets."""
    if not text.startswith(("(", "[")):
        return text
    inner, closed, unit = text[1:].partition(")" if text[0] == "(" else "]")
    return f"{inner.strip()} {unit.strip()}".strip() if closed else text


def _refuse_start(text: str) -> QuantityTextError:
    if not text:
        return QuantityTextError("Nothing is written.")
    if _LIMIT.match(text):
        return QuantityTextError(
            f'"{shorten(text)}" is a limit, not a value.',
            "Write what is known: a range with both its ends, or an estimate (~1).",
        )
    return QuantityTextError(f'"{shorten(text)}" does not begin with a number.')


def _read_rest(number: float, rest: str, *, has_and: bool) -> dict[str, Any]:
    """Read what follows the first number: its unit, the end of a range, how far it is certain, or further numbers."""
    code = find_unit_code(rest) if rest else None
    if code is not None:
        return {"value": number, "unit": code}
    for sign in (_GIVE_OR_TAKE, _TO):
        found = _find_second(rest, sign)
        if found is not None and (has_and or "and" not in found.sign):
            return _join(number, found, is_range=sign is _TO)
    if _AND.match(rest):
        return _read_list(number, rest)
    _refuse_open_end(rest)
    return {"value": number, "unit": rest.strip()}


def _refuse_open_end(rest: str) -> None:
    """Refuse "80..abc" and "21 ± x mrad": behind the sign, which is no part of a unit, stands no number."""
    found = _SECOND_FOLLOWS.search(rest)
    if found is None or (found.start() and find_unit_code(rest[: found.start()].strip()) is None):
        return
    after = rest[found.end() :].strip()
    said = f'"{shorten(after)}" is no number' if after else "nothing is written"
    part = "uncertainty" if found["spread"] else "other end of a range"
    raise QuantityTextError(f'Behind "{found[0].strip()}" {said}, where the {part} is meant.')


@dataclass(frozen=True, slots=True)
class _Second:
    """The second number of a range or of an uncertainty; either number may carry the unit."""

    sign: str
    number: float
    unit_before: str
    unit: str


def _find_second(rest: str, sign: re.Pattern[str]) -> _Second | None:
    for found in sign.finditer(rest):
        before, second = rest[: found.start()].strip(), scan_number(rest, found.end())
        if second is None or (before and find_unit_code(before) is None):
            continue
        unit = rest[second[1] :].strip()
        if before and not _may_follow(found[0].strip(), unit):
            continue
        return _Second(found[0].strip().lower(), second[0], before, unit)
    return None


def _may_follow(sign: str, unit: str) -> bool:
    """Say whether a second number may follow where the first has its unit already.

    "0.01 nm-3" is no range, nor is "5 nm-1 - 6 nm-1" one that begins at 5 nm: a hyphen may belong to the unit.
    """
    return find_unit_code(unit) is not None if unit else sign != "-"


def _join(number: float, second: _Second, *, is_range: bool) -> dict[str, Any]:
    unit = second.unit or second.unit_before
    code = find_unit_code(unit) or unit if unit else ""
    if second.unit_before:
        own = find_unit_code(second.unit_before) or second.unit_before
        number = _bring_together(number, own, code)
    if is_range:
        return {"range": [number, second.number], "basis": "estimated", "unit": code}
    if second.number < 0:
        raise QuantityTextError(
            f"An uncertainty of {write_number(second.number)} is less than nothing.", "Write ± 0.3."
        )
    return {"value": number, "uncertainty": second.number, "unit": code}


def _bring_together(number: float, own: str, code: str) -> float:
    if own == code:
        return number
    try:
        return convert(number, own, code)
    except ValueError as error:
        reason = f'"{shorten(own)}" and "{shorten(code)}" stand in one quantity and do not measure the same.'
        raise QuantityTextError(reason, "Write both numbers in one unit.") from error


def _read_list(number: float, rest: str) -> dict[str, Any]:
    numbers = [number]
    while sign := _AND.match(rest):
        following = scan_number(rest, sign.end())
        if following is None:
            raise QuantityTextError(f'"{shorten(rest[sign.end() :])}" does not begin with a number.')
        numbers.append(following[0])
        rest = rest[following[1] :]
    return {"value": numbers, "unit": find_unit_code(rest) or rest.strip() if rest.strip() else ""}


def write_amount(quantity: Mapping[str, Any]) -> str:
    """Return the numbers of a well-formed quantity without its unit: "20–22", "~30", "21.4 ± 0.3", "0.1, 0.2"."""
    if "range" in quantity:
        return "–".join(map(write_number, quantity["range"]))
    value = quantity.get("value", quantity.get("values"))
    text = ", ".join(map(write_number, value)) if isinstance(value, list) else write_number(value)
    if quantity.get("uncertainty") is not None:
        text += f" ± {write_number(quantity['uncertainty'])}"
    return f"~{text}" if quantity.get("basis") == "estimated" else text


def format_quantity(reading: Reading) -> str:
    """Return the quantity as a sentence shows it: "20 – 30 mrad", "(0.1, 0.2) nm", "200 kV", "1.04"."""
    parts = [f"{number:.6g}" for number in reading.numbers]
    joined = " – ".join(parts) if reading.is_range else ", ".join(parts)
    is_bare = reading.is_range or len(parts) == 1
    return add_unit(joined if is_bare else f"({joined})", reading.unit)


def add_unit(amount: str, unit: str) -> str:
    """Return an amount with its unit; a number without dimension has none that people read."""
    return amount if unit == "1" else f"{amount} {unit}"
