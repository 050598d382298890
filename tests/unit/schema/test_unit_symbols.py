"""Symbols of units stand in one table; what is printed is understood, and the browser prints the same."""

import pytest

from repository.schema.unit_symbols import SYMBOLS, get_plain_symbol, get_symbol
from repository.schema.units import UNITS, find_unit_code
from tools.openapi import SYMBOLS as OF_PAGES
from tools.openapi import build_symbols


def test_every_symbol_is_one_of_a_unit() -> None:
    assert set(SYMBOLS) <= set(UNITS)


@pytest.mark.parametrize("code", sorted(UNITS))
def test_what_is_printed_is_understood(code: str) -> None:
    assert find_unit_code(get_symbol(code)) == code
    assert find_unit_code(get_plain_symbol(code)) == code
    assert get_plain_symbol(code).replace("°", "").isascii()


@pytest.mark.parametrize(
    ("unit", "symbol", "plain"),
    [
        ("nm-1", "nm⁻¹", "1/nm"),
        ("Ao-1", "Å⁻¹", "1/Ao"),
        ("um", "µm", "um"),
        ("Ao-2", "e⁻/Å²", "e-/Ao2"),
        ("deg", "°", "°"),
        ("kV", "kV", "kV"),
        ("1", "", ""),
        (None, "px", "px"),
        ("furlong", "furlong", "furlong"),
    ],
)
def test_symbols(unit: str | None, symbol: str, plain: str) -> None:
    assert (get_symbol(unit), get_plain_symbol(unit)) == (symbol, plain)


def test_the_pages_hold_the_same_table() -> None:
    assert OF_PAGES.read_text(encoding="utf-8") == build_symbols(), "make openapi"
