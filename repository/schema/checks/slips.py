"""The likely slip behind a value that is out of range: another unit was meant, a full angle was typed."""

from repository.schema.quantities.units import UnitMismatchError, convert
from repository.schema.questions.fields import Field

_HALF = 0.5


def name_slip(field: Field, typed: float, typed_unit: str) -> str:
    """Return a sentence naming the likely slip, or an empty text.

    Parameters
    ----------
    typed
        The number as it was written.
    typed_unit
        The unit that was written beside it; another accepted unit that would bring the number into the usual
        range is named as the one meant (300 V for 300 kV, 300000 kV for 300000 V, 50 nA for 50 pA).
    """
    usual = field.soft or field.hard
    if usual is None or field.unit is None:
        return ""
    try:
        value = convert(typed, typed_unit, field.unit)
    except UnitMismatchError:
        return ""
    largest = (field.hard or usual)[1]
    if field.full_angle_slip and typed_unit == field.unit and usual[1] < value <= largest / _HALF:
        half = convert(value * _HALF, field.unit, typed_unit)
        return f"This field is a semi-angle: if the full angle was typed, write {half:g} {typed_unit}."
    fitting = [unit for unit in field.units if unit != typed_unit and _fits(typed, unit, field.unit, usual)]
    if fitting:
        meant = field.unit if field.unit in fitting else fitting[0]
        return f'Was "{typed:g} {meant}" meant instead of {typed:g} {typed_unit}?'
    return ""


def _fits(typed: float, unit: str, field_unit: str, usual: tuple[float, float]) -> bool:
    try:
        return usual[0] <= convert(typed, unit, field_unit) <= usual[1]
    except UnitMismatchError:
        return False
