"""Unit texts as vendors write them, to the few UCUM units of array axes: nm, nm-1, mrad, deg, eV, s."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis

# text after `_tidy` -> (UCUM unit, factor)
_UNITS: dict[str, tuple[str, float]] = {
    "pm": ("nm", 1e-3),
    "a": ("nm", 0.1),
    "å": ("nm", 0.1),
    "ao": ("nm", 0.1),
    "ang": ("nm", 0.1),
    "angstrom": ("nm", 0.1),
    "nm": ("nm", 1.0),
    "nanometer": ("nm", 1.0),
    "nanometers": ("nm", 1.0),
    "um": ("nm", 1e3),
    "micrometer": ("nm", 1e3),
    "mm": ("nm", 1e6),
    "cm": ("nm", 1e7),
    "m": ("nm", 1e9),
    "1/pm": ("nm-1", 1e3),
    "1/a": ("nm-1", 10.0),
    "1/å": ("nm-1", 10.0),
    "1/ao": ("nm-1", 10.0),
    "1/ang": ("nm-1", 10.0),
    "1/angstrom": ("nm-1", 10.0),
    "1/nm": ("nm-1", 1.0),
    "1/um": ("nm-1", 1e-3),
    "1/m": ("nm-1", 1e-9),
    "urad": ("mrad", 1e-3),
    "mrad": ("mrad", 1.0),
    "rad": ("mrad", 1e3),
    "deg": ("deg", 1.0),
    "degree": ("deg", 1.0),
    "degrees": ("deg", 1.0),
    "°": ("deg", 1.0),
    "mev": ("eV", 1e-3),
    "ev": ("eV", 1.0),
    "kev": ("eV", 1e3),
    "ps": ("s", 1e-12),
    "ns": ("s", 1e-9),
    "us": ("s", 1e-6),
    "ms": ("s", 1e-3),
    "s": ("s", 1.0),
    "sec": ("s", 1.0),
    "seconds": ("s", 1.0),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
}
_LENGTHS = {"nm"}
_NO_UNIT = {"", "px", "pixel", "pixels", "none", "undefined", "<undefined>", "t.undefined", "1", "channels"}
COUNT_WORDS = {"counts", "count", "e-", "electrons", "electron", "adu", "dn"}


@dataclass(frozen=True, slots=True)
class AxisUnit:
    """UCUM unit with the factor from the vendor's; `understood` is False for a text of no known unit."""

    unit: str | None
    factor: float = 1.0
    understood: bool = True


def _tidy(text: str) -> str:
    """Return the text in lower case with one way to write powers: `1/nm`."""
    plain = text.strip().strip("[]()").strip()
    plain = plain.replace("µ", "u").replace("μ", "u").replace("Å", "å").replace("⁻¹", "^-1")
    plain = plain.replace("_", "") if plain.lower().startswith(("n_m", "1/n_m", "a_")) else plain
    plain = plain.casefold().replace(" ", "")
    power = re.fullmatch(r"([a-zå]+)(?:\^?\{?-1\}?|\*\*-1)", plain)
    return f"1/{power[1]}" if power else plain


def to_ucum(text: str | None) -> AxisUnit:
    """Translate a vendor's unit of an axis.

    `A` is read as ångström: axes are never amperes.
    """
    tidy = _tidy(text or "")
    if tidy in _NO_UNIT:
        return AxisUnit(None)
    if tidy in _UNITS:
        unit, factor = _UNITS[tidy]
        return AxisUnit(unit, factor)
    return AxisUnit(None, understood=False)


def calibrated_axis(
    name: str, size: int, *, unit: str | None, scale: float | None, offset: float = 0.0
) -> Axis:
    """Return an axis in UCUM units, or an uncalibrated one where unit or scale say nothing.

    A scale of 0 says nothing. Whether another can be true is judged for all formats in one place,
    `ingest.readers.implausible_scales`.
    """
    known = to_ucum(unit)
    if known.unit is None or scale is None or scale == 0:
        return Axis(name, size)
    return Axis(name, size, known.unit, _multiply(scale, known.factor), _multiply(offset, known.factor) + 0.0)


MOST_POSITIONS = 65_536


def listed_axis(name: str, positions: npt.NDArray[np.float64], *, unit: str | None) -> Axis | None:
    """Return an axis whose samples lie where a list says, in UCUM units.

    None where the unit says nothing, or where the list is no axis: not finite, not rising or falling throughout, or of
    more than 65,536 samples.

    Parameters
    ----------
    positions
        (n,) in `unit`.
    """
    known = to_ucum(unit)
    if known.unit is None or not 2 <= len(positions) <= MOST_POSITIONS or not np.isfinite(positions).all():  # noqa: PLR2004
        return None
    steps = np.diff(positions)
    if not ((steps > 0).all() or (steps < 0).all()):
        return None
    listed = tuple(_multiply(float(position), known.factor) for position in positions)
    return Axis(name, len(listed), known.unit, positions=listed)


def _multiply(value: float, factor: float) -> float:
    """Return the product of both numbers as they are written, rounded once: 0.2 Å are 0.02 nm and nothing beside it."""
    if factor == 1 or not math.isfinite(value):
        return value
    product = Fraction(repr(float(value))) * Fraction(repr(factor))
    try:
        return float(product)
    except OverflowError:
        return math.copysign(math.inf, value)


def is_reciprocal(unit: str | None) -> bool:
    """Whether the unit is one of a diffraction plane."""
    return to_ucum(unit).unit in {"nm-1", "mrad"}


def is_length(unit: str | None) -> bool:
    """Whether the unit is one of the specimen plane."""
    return to_ucum(unit).unit in _LENGTHS


def name_frame(slow: str | None, fast: str | None) -> tuple[str, str]:
    """Return the names of the axes of a camera's frame with these units: in lengths it is an image of the specimen."""
    return ("y", "x") if is_length(slow) and is_length(fast) else ("detector_y", "detector_x")


def is_energy(unit: str | None) -> bool:
    """Whether the unit is one of a spectrum."""
    return to_ucum(unit).unit == "eV"


def is_time(unit: str | None) -> bool:
    """Whether the unit is one of a time series."""
    return to_ucum(unit).unit == "s"


def intensity_unit(text: str | None) -> str | None:
    """Return `1` for counts, else None: vendors' other words are no units."""
    return "1" if (text or "").strip().casefold() in COUNT_WORDS else None
