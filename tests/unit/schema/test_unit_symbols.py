"""Symbols of units stand in one table; what is printed is understood, and the browser prints the same."""

import pytest

from repository.schema.quantities.unit_symbols import SYMBOLS, get_symbol
from repository.schema.quantities.units import UNITS, find_unit_code
from tools.openapi import SYMBOLS as OF_PAGES
from tools.openapi import build_symbols


def test_every_symbol_is_one_of_a_unit() -> None:
    assert set(SYMBOLS) <= set(UNITS)


@pytest.mark.parametrize("code", sorted(UNITS))
def test_what_is_printed_is_understood(code: str) -> None:
    symbol = get_symbol(code)
    assert find_unit_code(symbol) == (code if symbol else None), (
        "nothing is no unit, not even that of a number"
    )


@pytest.mark.parametrize(
    ("unit", "symbol"),
    [
        ("nm-1", "nm⁻¹"),
        ("Ao-1", "Å⁻¹"),
        ("um", "µm"),
        ("Ao-2", "e⁻/Å²"),
        ("deg", "°"),
        ("kV", "kV"),
        ("1", ""),
        (None, "px"),
        ("furlong", "furlong"),
    ],
)
def test_symbols(unit: str | None, symbol: str) -> None:
    assert get_symbol(unit) == symbol


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("um", "um"),
        ("1/nm", "nm-1"),
        ("1/Ao", "Ao-1"),
        ("1/m", "m-1"),
        ("e-/Ao2", "Ao-2"),
        ("e-/nm2", "nm-2"),
        ("e-/Ao2/s", "Ao-2.s-1"),
        ("e-/nm2/s", "nm-2.s-1"),
    ],
)
def test_plain_letters_are_understood(written: str, code: str) -> None:
    """As older pictures and many programs write them."""
    assert find_unit_code(written) == code


def test_the_pages_hold_the_same_table() -> None:
    assert OF_PAGES.read_text(encoding="utf-8") == build_symbols(), "make openapi"
