"""The limits of a field in each unit that it may be given in: computed once, for the checks and the JSON Schema."""

import functools

from repository.schema.quantities.electrons import compute_wavelength
from repository.schema.quantities.units import UNITS, convert, to_si
from repository.schema.questions.fields import Field, load_catalogue

Limits = tuple[float, float]

VOLTAGE = "acceleration_voltage"


def find_hard_limits(field: Field, unit: str) -> Limits | None:
    """Return between what numbers a value in this unit can be right, at any voltage; None where nothing is known."""
    return convert_limits(field, field.hard, unit, _find_wavelengths())


def convert_limits(
    field: Field, limits: Limits | None, unit: str, wavelengths_m: Limits | None
) -> Limits | None:
    """Return limits that are written in the field's unit in another one.

    Parameters
    ----------
    wavelengths_m
        The shortest and the longest of the electrons: an angle in reciprocal length is k = angle / wavelength.

    Returns
    -------
    tuple of float or None
        Smallest and largest, each the nearest number to the exact one. None where the two units have nothing in
        common, or only through a wavelength that is not known.
    """
    if field.unit is None or limits is None:
        return None
    if UNITS[unit].dimension == UNITS[field.unit].dimension:
        return convert(limits[0], field.unit, unit), convert(limits[1], field.unit, unit)
    if UNITS[unit].dimension != "reciprocal_length" or wavelengths_m is None:
        return None
    angles_rad = [convert(limit, field.unit, "rad") for limit in limits]
    ends = [convert(angle / wavelength, "m-1", unit) for angle in angles_rad for wavelength in wavelengths_m]
    return min(ends), max(ends)


@functools.cache
def _find_wavelengths() -> Limits:
    """Return the wavelengths at the ends of the voltages that are possible."""
    voltage = load_catalogue().measurement[VOLTAGE]
    ends = [to_si(limit, str(voltage.unit)) for limit in voltage.hard or ()]
    return compute_wavelength(max(ends)), compute_wavelength(min(ends))
