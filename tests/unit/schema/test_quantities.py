from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.quantities.quantity import (
    QuantityTextError,
    Reading,
    format_quantity,
    parse_quantity_text,
    read_quantity,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200 kV", {"value": 200, "unit": "kV"}),
        ("200kV", {"value": 200, "unit": "kV"}),
        ("0,05 nm", {"value": 0.05, "unit": "nm"}),
        ("1e4 e/Å²", {"value": 1e4, "unit": "Ao-2"}),
        ("-20 eV", {"value": -20, "unit": "eV"}),
        ("0.01 Ao-1", {"value": 0.01, "unit": "Ao-1"}),
        ("20-30 mrad", {"range": [20, 30], "unit": "mrad", "basis": "estimated"}),
        ("20 to 30 mrad", {"range": [20, 30], "unit": "mrad", "basis": "estimated"}),
        ("~50 pA", {"value": 50, "unit": "pA", "basis": "estimated"}),
        ("24.1 ± 0.4 mrad", {"value": 24.1, "uncertainty": 0.4, "unit": "mrad"}),
        ("80", {"value": 80}),
        ("80 parsec", {"value": 80, "unit": "parsec"}),
    ],
)
def test_quantities_as_people_type_them(text: str, expected: dict[str, Any]) -> None:
    assert parse_quantity_text(text) == expected


@pytest.mark.parametrize("text", ["", "kV", "about high", "300,000 V", "two hundred kV"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(QuantityTextError):
        parse_quantity_text(text)


def test_nan_is_read_as_nan_so_that_validation_can_name_it() -> None:
    parsed = parse_quantity_text("NaN mrad")
    assert parsed["value"] != parsed["value"]
    assert read_quantity(parsed) is None


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(["kV", "nm", "mrad", "Ao-2"])
)
def test_written_numbers_are_read_back(value: float, unit: str) -> None:
    assert parse_quantity_text(f"{value!r} {unit}") == {"value": value, "unit": unit}


@pytest.mark.parametrize(
    ("entry", "numbers"),
    [
        ({"value": 80, "unit": "kV"}, (80.0,)),
        ({"value": [0.1, 0.2], "unit": "nm"}, (0.1, 0.2)),
        ({"range": [20, 30], "unit": "mrad"}, (20.0, 30.0)),
        ({"value": 80, "unit": "parsec"}, None),
        ({"value": True, "unit": "kV"}, None),
        ({"value": "80", "unit": "kV"}, None),
        ({"value": float("inf"), "unit": "kV"}, None),
        ({"missing": "not_recorded"}, None),
        (80, None),
    ],
)
def test_only_well_formed_quantities_have_numbers(entry: Any, numbers: tuple[float, ...] | None) -> None:
    reading = read_quantity(entry)
    assert (reading.numbers if reading else None) == numbers


def test_quantities_are_shown_with_their_unit() -> None:
    assert format_quantity(Reading((80.0,), "kV")) == "80 kV"
    assert format_quantity(Reading((0.1, 0.2), "nm")) == "(0.1, 0.2) nm"
    assert format_quantity(Reading((20.0, 30.0), "mrad", is_range=True)) == "20 – 30 mrad"
