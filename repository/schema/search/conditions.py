"""Conditions on quantities as people write them: `dose>1000 e/Å²`, `voltage=80..300 kV`, a form's two ends.

A range that runs backwards is refused and never swapped: one of its ends is as often a slip (200..30 for 200..300) as
the order is, and metadata refuse it too. No two conditions may exclude each other: nothing is ever found by them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.quantities.quantity import QuantityTextError, parse_quantity_text
from repository.schema.quantities.typed_numbers import shorten, write_number
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.quantities.units import UNITS, convert, find_unit_code
from repository.schema.search.searchable import SearchableQuantity, find_quantities, list_quantities

_TOLERANCE = 1e-6
"""What is asked to be equal may differ by this part: a conversion between units rounds."""
_MOST_WORDS = 6
_SIGN = "<=|>=|≤|≥|==|=|<|>"
_CONDITION = re.compile(rf"\s*(?P<name>[^\W\d][\w.]*)\s*(?P<sign>{_SIGN}|:)\s*(?P<amount>.*)", re.DOTALL)
_IN_WORDS = re.compile(rf"(?<![\w.])(?P<name>[^\W\d][\w.]*)\s*(?P<sign>{_SIGN})\s*")
_DOTS = re.compile(r"\.\.\.?|…")
_FORM = "Write it as voltage=80..300 kV, dose>1000 e/Å² or alpha=21.4±0.3 mrad."


class ConditionTextError(ValueError):
    """The condition cannot be understood, or nothing can fulfil it.

    Attributes
    ----------
    name
        Of the quantity, where one was named.
    hint
        What to write instead.
    """

    def __init__(self, reason: str, hint: str, name: str = "") -> None:
        self.name = name
        self.hint = hint
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class QuantityRange:
    """A closed range of a quantity in the unit of its column; an end that is None is open."""

    column: str
    low: float | None
    high: float | None


def find_quantity(name: str) -> SearchableQuantity:
    """Return the quantity of a name or short name.

    Raises
    ------
    ConditionTextError
        There is none.
    """
    quantity = find_quantities().get(name)
    if quantity is None:
        known = ", ".join(one.name for one in list_quantities())
        raise ConditionTextError(f'There is no quantity "{shorten(name)}".', f"Known are {known}.", name)
    return quantity


def parse_condition(text: str) -> QuantityRange:
    """Read one condition: a name, a sign, and an amount; `name:low..high:unit` is read too.

    Ranges are closed, so `<` means `<=`. A number without unit has the one in which the quantity is listed.

    Raises
    ------
    ConditionTextError
        With what is wrong and what to write.
    """
    found = _CONDITION.fullmatch(text)
    if found is None or not found["amount"].strip():
        raise ConditionTextError(f'"{shorten(text)}" is no condition.', _FORM)
    amount, unit = found["amount"].strip(), ""
    if found["sign"] == ":":
        amount, _, unit = (part.strip() for part in amount.partition(":"))
    return _read_condition(find_quantity(found["name"]), found["sign"], amount, unit)


def parse_bounds(name: str, low: str, high: str, unit: str = "") -> QuantityRange:
    """Return the range between two ends of which one may be empty; a unit typed at an end wins over the one beside.

    Raises
    ------
    ConditionTextError
        With what is wrong and what to write.
    """
    quantity = find_quantity(name)
    ends = [None if not text.strip() else _read_single(quantity, text, unit) for text in (low, high)]
    return _build(quantity, ends[0], ends[1], f"{low.strip()}..{high.strip()}")


def take_conditions(text: str) -> tuple[str, tuple[QuantityRange, ...]]:
    """Return the words of a search without the conditions in it, and the conditions.

    What stands in quotation marks, and what names no quantity, are words.

    Raises
    ------
    ConditionTextError
        A condition on a known quantity cannot be read.
    """
    words: list[str] = []
    taken: list[QuantityRange] = []
    for index, part in enumerate(text.split('"')):
        rest = part
        while index % 2 == 0 and (found := _find_known(rest)) is not None:
            condition, after = _take_one(found, rest[found.end() :])
            taken.append(condition)
            rest = f"{rest[: found.start()]} {after}"
        words.append(rest)
    return '"'.join(words).strip() if taken else text, tuple(taken)


def refuse_exclusion(ranges: Sequence[QuantityRange]) -> None:
    """Refuse conditions on one quantity that exclude each other.

    Raises
    ------
    ConditionTextError
        No value fulfils all of them.
    """
    names = {quantity.column: quantity.name for quantity in list_quantities()}
    for column in {one.column for one in ranges}:
        lows = [one.low for one in ranges if one.column == column and one.low is not None]
        highs = [one.high for one in ranges if one.column == column and one.high is not None]
        if lows and highs and max(lows) > min(highs):
            reason = f"The conditions on {names[column]} exclude each other: no value fulfils all of them."
            raise ConditionTextError(reason, "Leave one of them out.", names[column])


def _find_known(text: str) -> re.Match[str] | None:
    return next((found for found in _IN_WORDS.finditer(text) if found["name"] in find_quantities()), None)


def _take_one(found: re.Match[str], following: str) -> tuple[QuantityRange, str]:
    """Read the longest amount that stands after a name and a sign, and return the words behind it."""
    quantity = find_quantity(found["name"])
    ends = [word.end() for word in re.finditer(r"\S+", following)][:_MOST_WORDS]
    fault = ConditionTextError(f"{quantity.name} is compared with nothing.", _FORM, quantity.name)
    for count, end in reversed(list(enumerate(ends, 1))):
        try:
            condition = _read_condition(quantity, found["sign"], following[:end].strip(), "")
        except ConditionTextError as error:
            fault = error if count <= len(("number", "unit")) or count == len(ends) else fault
            continue
        _refuse_miswritten_unit(quantity, following[end:].split())
        return condition, following[end:]
    raise fault


def _refuse_miswritten_unit(quantity: SearchableQuantity, following: Sequence[str]) -> None:
    """Refuse "80 KV" and "80 kV..abc": the word behind the number is a unit but for its case, or half a range."""
    dots = _DOTS.search(following[0]) if following else None
    if dots is not None and find_unit_code(following[0][: dots.start()]) in UNITS:
        reason = (
            f'{quantity.name}: "{shorten(following[0])}" behind the number is neither a unit nor a range.'
        )
        raise ConditionTextError(reason, _FORM, quantity.name)
    meant = [unit for unit in quantity.units if following and unit.casefold() == following[0].casefold()]
    if meant and following[0] not in quantity.units:
        reason = f'{quantity.name}: the unit "{shorten(following[0])}" is not known.'
        raise ConditionTextError(reason, f"Did you mean {meant[0]}?", quantity.name)


def _read_condition(quantity: SearchableQuantity, sign: str, amount: str, unit: str) -> QuantityRange:
    is_equality = sign in {"=", "==", ":"}
    open_ended = _split_open(amount)
    if open_ended is not None:
        _refuse_sign_before_range(quantity, amount, is_equality=is_equality)
        low, high, own = open_ended
        return parse_bounds(quantity.name, low, high, own or unit)
    parsed = _parse(quantity, amount, unit)
    if "range" in parsed:
        _refuse_sign_before_range(quantity, amount, is_equality=is_equality)
        ends = [_convert(quantity, number, parsed) for number in parsed["range"]]
        return _build(quantity, ends[0], ends[1], amount)
    _refuse_vague(quantity, amount, parsed, is_equality=is_equality)
    value = _convert(quantity, parsed["value"], parsed)
    if sign in {">", ">=", "≥"}:
        return QuantityRange(quantity.column, value, None)
    if sign in {"<", "<=", "≤"}:
        return QuantityRange(quantity.column, None, value)
    spread = parsed.get("uncertainty")
    if spread:
        ends = [_convert(quantity, parsed["value"] + way * spread, parsed) for way in (-1, 1)]
        return _build(quantity, ends[0], ends[1], amount)
    width = abs(value) * _TOLERANCE
    return QuantityRange(quantity.column, value - width, value + width)


def _split_open(amount: str) -> tuple[str, str, str] | None:
    """Return low, high and unit of "80..", "..0.5 nm" or "80.. kV"; None where both ends stand there, or no range."""
    found = _DOTS.search(amount)
    if found is None:
        return None
    low, high = amount[: found.start()].strip(), amount[found.end() :].strip()
    if not low or not high:
        return low, high, ""
    return (low, "", high) if not re.search(r"\d", high) and find_unit_code(high) else None


def _refuse_sign_before_range(quantity: SearchableQuantity, amount: str, *, is_equality: bool) -> None:
    if not is_equality:
        reason = f'{quantity.name} is compared with the range "{shorten(amount)}" as with one number.'
        raise ConditionTextError(
            reason, f"Write a range with =: {quantity.name}={shorten(amount)}.", quantity.name
        )


def _refuse_vague(
    quantity: SearchableQuantity, amount: str, parsed: Mapping[str, Any], *, is_equality: bool
) -> None:
    hint = f"Write {quantity.name}=20..22, or one number."
    if isinstance(parsed["value"], list):
        reason = f'{quantity.name} is compared with one number or a range, not with "{shorten(amount)}".'
        raise ConditionTextError(reason, hint, quantity.name)
    if "basis" in parsed:
        reason = f'"{shorten(amount)}" does not say how near a value must be.'
        raise ConditionTextError(reason, hint, quantity.name)
    if "uncertainty" in parsed and not is_equality:
        reason = f'{quantity.name} is compared with "{shorten(amount)}" as with one number.'
        raise ConditionTextError(reason, hint, quantity.name)


def _read_single(quantity: SearchableQuantity, text: str, unit: str) -> float:
    parsed = _parse(quantity, text, unit)
    if "range" in parsed:
        reason = f'{quantity.name}: "{shorten(text)}" stands where one end of a range is meant.'
        raise ConditionTextError(reason, "Write one number at each end.", quantity.name)
    _refuse_vague(quantity, text, parsed, is_equality=False)
    return _convert(quantity, parsed["value"], parsed)


def _parse(quantity: SearchableQuantity, text: str, unit: str) -> dict[str, Any]:
    try:
        return parse_quantity_text(text, unit=unit.strip() or quantity.unit)
    except QuantityTextError as error:
        example = (
            f"Write a number and its unit, such as {quantity.name}>20 {get_symbol(quantity.unit)}".strip()
        )
        hint = f"{example}." if "20 mrad" in error.hint else error.hint
        raise ConditionTextError(f"{quantity.name}: {error.reason}", hint, quantity.name) from error


def _convert(quantity: SearchableQuantity, number: float, parsed: Mapping[str, Any]) -> float:
    """Return the number in the unit of the column."""
    unit = str(parsed["unit"])
    accepted = f"Accepted units: {', '.join(get_symbol(one) or 'none' for one in quantity.units)}."
    if unit not in UNITS:
        reason = f'{quantity.name}: the unit "{shorten(unit)}" is not known.'
        raise ConditionTextError(reason, accepted, quantity.name)
    if UNITS[unit].dimension != UNITS[quantity.unit].dimension:
        reason = f'{quantity.name} is not measured in "{get_symbol(unit) or unit}".'
        raise ConditionTextError(reason, accepted, quantity.name)
    converted = convert(number, unit, quantity.column_unit)
    if not math.isfinite(converted):
        raise ConditionTextError(
            f"{quantity.name} needs a finite number, not {write_number(number)}.", _FORM, quantity.name
        )
    return converted


def _build(quantity: SearchableQuantity, low: float | None, high: float | None, typed: str) -> QuantityRange:
    if low is None and high is None:
        raise ConditionTextError(f"{quantity.name} has a range without ends.", _FORM, quantity.name)
    if low is not None and high is not None and low > high:
        reason = f'{quantity.name}: the range "{shorten(typed)}" runs backwards; no value lies in it.'
        shown = [_show(quantity, end) for end in (high, low)]
        hint = (
            f"Write the smaller end first: {quantity.name}={shown[0]}..{shown[1]} {get_symbol(quantity.unit)}"
        )
        raise ConditionTextError(reason, f"{hint.strip()}.", quantity.name)
    return QuantityRange(quantity.column, low, high)


def _show(quantity: SearchableQuantity, end: float) -> str:
    return f"{convert(end, quantity.column_unit, quantity.unit):.6g}"
