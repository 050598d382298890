import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.quantities.units import (
    UNITS,
    UnitMismatchError,
    UnknownUnitError,
    convert,
    find_unit_code,
    get_unit,
    to_si,
)


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        (200, "kV", "V", 200_000.0),
        (0.1, "nm", "pm", 100.0),
        (0.85, "Ao", "nm", 0.085),
        (1, "Ao-1", "nm-1", 10.0),
        (1, "Ao-2", "nm-2", 100.0),
        (1, "Ao-2", "m-2", 1e20),
        (25, "mrad", "rad", 0.025),
        (180, "deg", "rad", math.pi),
        (20, "Cel", "K", 293.15),
        (293.15, "K", "Cel", 20.0),
        (1, "h", "min", 60.0),
        (50, "pA", "A", 5e-11),
        (1.5, "keV", "eV", 1500.0),
        (1, "bar", "mbar", 1000.0),
    ],
)
def test_conversions_are_exact(value: float, unit: str, target: str, expected: float) -> None:
    assert convert(value, unit, target) == expected


def test_joule_uses_the_exact_elementary_charge() -> None:
    assert to_si(1, "eV") == 1.602176634e-19


@pytest.mark.parametrize(
    ("unit", "target"), [("mrad", "%"), ("kV", "keV"), ("nm-1", "mrad"), ("Ao-2", "nm-1")]
)
def test_different_kinds_are_not_converted(unit: str, target: str) -> None:
    with pytest.raises(UnitMismatchError):
        convert(25, unit, target)


def test_unknown_units_are_refused() -> None:
    with pytest.raises(UnknownUnitError):
        get_unit("parsec")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("µm", "um"), ("μm", "um"), ("Å", "Ao"), ("\u212b", "Ao"), ("1/nm", "nm-1"), ("Å⁻¹", "Ao-1"),
        ("1/Å", "Ao-1"), ("°", "deg"), ("e/Å²", "Ao-2"), ("e-/Å^2", "Ao-2"), ("°C", "Cel"),
        ("mV", "mV"), ("MV", "MV"), ("KV", None), ("Nm", None),
        ("A", "A"), ("1", "1"), ("", None), (" ", None), ("·", None),
    ],
)  # fmt: skip
def test_units_as_people_write_them(typed: str, code: str | None) -> None:
    assert find_unit_code(typed) == code


@given(st.sampled_from(sorted(UNITS)), st.floats(min_value=1e-3, max_value=1e6))
def test_there_and_back(unit: str, value: float) -> None:
    for target, known in UNITS.items():
        if known.dimension == UNITS[unit].dimension:
            assert math.isclose(
                convert(convert(value, unit, target), target, unit), value, rel_tol=1e-9, abs_tol=1e-9
            )
