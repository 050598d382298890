"""How units are printed: the one table, for pages, for pictures, and as a copy for the browser."""

from collections.abc import Mapping
from types import MappingProxyType

UNCALIBRATED = "px"
"""What is counted along an axis without calibration."""

# UCUM code: as people write it. What is not here is printed as its code.
SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "1": "",
        "Ao": "Å",
        "um": "µm",
        "us": "µs",
        "urad": "µrad",
        "uA": "µA",
        "uT": "µT",
        "deg": "°",
        "Cel": "°C",
        "nm-1": "nm⁻¹",
        "Ao-1": "Å⁻¹",
        "m-1": "m⁻¹",
        "Ao-2": "e⁻/Å²",
        "nm-2": "e⁻/nm²",
        "um-2": "e⁻/µm²",
        "m-2": "e⁻/m²",
        "Ao-2.s-1": "e⁻/Å²/s",
        "nm-2.s-1": "e⁻/nm²/s",
        "m-2.s-1": "e⁻/m²/s",
    }
)


def get_symbol(unit: str | None) -> str:
    """Return the unit as it is printed: µm for um, nothing for plain numbers, px where there is none."""
    return UNCALIBRATED if unit is None else SYMBOLS.get(unit, unit)


def build_table() -> dict[str, object]:
    """Return what the browser is given."""
    return {"uncalibrated": UNCALIBRATED, "symbols": dict(SYMBOLS)}
