"""What the metadata say of angles, in the units that the engine takes."""

from collections.abc import Mapping
from typing import Any

from repository.schema.units import convert

RECIPROCAL_UNITS = frozenset({"nm-1", "Ao-1"})


def build_calibration(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return convergence angle (mrad), diffraction pixel and voltage (kV) as far as the document has numbers."""
    calibration: dict[str, Any] = {}
    alpha = read_number(document.get("semi_convergence_angle"), "mrad")
    if alpha is not None and alpha > 0:
        calibration["semi_convergence_angle_mrad"] = alpha
    voltage = read_number(document.get("acceleration_voltage"), "kV")
    if voltage is not None and voltage > 0:
        calibration["acceleration_voltage_kv"] = voltage
    pixel = document.get("diffraction_pixel_size")
    if isinstance(pixel, Mapping) and isinstance(pixel.get("value"), int | float):
        unit = str(pixel.get("unit"))
        if unit in RECIPROCAL_UNITS:
            calibration["diffraction_pixel_size"] = {"value": float(pixel["value"]), "unit": unit}
        else:
            value = read_number(pixel, "mrad")
            if value is not None:
                calibration["diffraction_pixel_size"] = {"value": value, "unit": "mrad"}
    return calibration


def read_number(entry: Any, unit: str) -> float | None:
    """Return a quantity's number in a unit; `None` for gaps, ranges and units of another kind."""
    if not isinstance(entry, Mapping):
        return None
    value = entry.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return convert(float(value), str(entry.get("unit")), unit)
    except ValueError:
        return None
