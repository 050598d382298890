"""The units that documents may use: a closed subset of UCUM with exact factors to SI.

Angles are kept apart from plain numbers (UCUM and most libraries call both dimensionless, so that 25 mrad
"converts" to 2.5 %), voltages from energies, and fluence (events per area) from reciprocal area: they have no
area unit to clash with.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from repository.schema.quantities.unit_spellings import spell_unit
from repository.schema.quantities.unit_symbols import SYMBOLS, get_symbol

ELEMENTARY_CHARGE_C = 1.602176634e-19
"""Exact since 2019 (SI brochure, 9th edition)."""

_ELEMENTARY_CHARGE = Fraction(repr(ELEMENTARY_CHARGE_C))
_DEGREE = Fraction(math.pi) / 180


class UnknownUnitError(ValueError):
    """The text is not one of the units that documents may use."""


class UnitMismatchError(ValueError):
    """The two units measure different kinds of quantity."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: SI value = value × `factor` + `offset`."""

    code: str
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


_TABLE: dict[str, dict[str, str | Fraction]] = {
    "one": {"1": "1", "%": "0.01"},
    "voltage": {"mV": "1e-3", "V": "1", "kV": "1e3", "MV": "1e6"},
    "length": {
        "pm": "1e-12", "Ao": "1e-10", "nm": "1e-9", "um": "1e-6", "mm": "1e-3", "cm": "1e-2", "m": "1",
    },
    "angle": {"urad": "1e-6", "mrad": "1e-3", "rad": "1", "deg": _DEGREE},
    "solid_angle": {"msr": "1e-3", "sr": "1"},
    "reciprocal_length": {"m-1": "1", "nm-1": "1e9", "Ao-1": "1e10"},
    "time": {"ps": "1e-12", "ns": "1e-9", "us": "1e-6", "ms": "1e-3", "s": "1", "min": "60", "h": "3600"},
    "frequency": {"Hz": "1", "kHz": "1e3", "MHz": "1e6"},
    "current": {"fA": "1e-15", "pA": "1e-12", "nA": "1e-9", "uA": "1e-6", "mA": "1e-3", "A": "1"},
    "energy": {
        "meV": _ELEMENTARY_CHARGE / 1000,
        "eV": _ELEMENTARY_CHARGE,
        "keV": _ELEMENTARY_CHARGE * 1000,
        "MeV": _ELEMENTARY_CHARGE * 1000000,
        "J": "1",
    },
    "fluence": {"m-2": "1", "um-2": "1e12", "nm-2": "1e18", "Ao-2": "1e20"},
    "flux": {"m-2.s-1": "1", "nm-2.s-1": "1e18", "Ao-2.s-1": "1e20"},
    "pressure": {"Pa": "1", "hPa": "1e2", "mbar": "1e2", "kPa": "1e3", "bar": "1e5"},
    "magnetic_field": {"uT": "1e-6", "mT": "1e-3", "T": "1"},
    "temperature": {"K": "1"},
}  # fmt: skip


def _build_units() -> Mapping[str, Unit]:
    units = {
        code: Unit(code, dimension, Fraction(factor))
        for dimension, codes in _TABLE.items()
        for code, factor in codes.items()
    }
    units["Cel"] = Unit("Cel", "temperature", Fraction(1), Fraction("273.15"))
    return MappingProxyType(units)


UNITS: Mapping[str, Unit] = _build_units()

# As we print them ourselves. A pure number is printed without any, but where nothing stands nobody said a unit.
_PRINTED = {spell_unit(symbol): code for code in SYMBOLS if (symbol := get_symbol(code))}


def find_unit_code(text: str) -> str | None:
    """Return the UCUM code for a unit as people write it ("µm", "Å", "1/nm"), or None when it is not known, or none.

    Case is kept: mV and MV, nm and Nm differ.
    """
    if text.strip() in UNITS:
        return text.strip()
    spelled = spell_unit(text)
    return spelled if spelled in UNITS else _PRINTED.get(spelled)


def get_unit(code: str) -> Unit:
    """Return the unit of a UCUM code.

    Raises
    ------
    UnknownUnitError
        When the code is not in the subset.
    """
    try:
        return UNITS[code]
    except KeyError:
        raise UnknownUnitError(f"{code!r} is not a unit that documents may use") from None


def convert(value: float, unit: str, target: str) -> float:
    """Convert a value between two units of one dimension, correctly rounded once at the end.

    Raises
    ------
    UnknownUnitError
        When a code is not in the subset.
    UnitMismatchError
        When the two units measure different kinds of quantity.
    """
    origin, goal = get_unit(unit), get_unit(target)
    if origin.dimension != goal.dimension:
        kinds = [known.dimension.replace("_", " ") for known in (origin, goal)]
        raise UnitMismatchError(f"{unit} measures {kinds[0]}, {target} measures {kinds[1]}")
    if unit == target or not math.isfinite(value):
        return value
    si = _as_written(value) * origin.factor + origin.offset
    return _to_float((si - goal.offset) / goal.factor)


def _as_written(value: float) -> Fraction:
    """Return the decimal that a person wrote: 0.85 angstrom is 0.085 nm, not 0.08499999999999999."""
    return Fraction(repr(float(value)))


def _to_float(value: Fraction) -> float:
    """Return the nearest float; infinity beyond the largest, which every range check refuses."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_si(value: float, unit: str) -> float:
    """Return the value in the SI unit of its dimension (V, m, rad, s, A, J, m⁻¹, m⁻², K, Pa, T, sr, Hz).

    Raises
    ------
    UnknownUnitError
        When the code is not in the subset.
    """
    known = get_unit(unit)
    if not math.isfinite(value):
        return value
    return _to_float(_as_written(value) * known.factor + known.offset)
