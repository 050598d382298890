"""What is wrong with a text that stands where a number is meant, in the words of the parser that refused it."""

from repository.schema.quantities.quantity import QuantityTextError, parse_quantity_text
from repository.schema.quantities.typed_numbers import NumberTextError, parse_number
from repository.schema.questions.fields import Field, Kind

_QUANTITIES: frozenset[Kind] = frozenset({"quantity", "quantity_or_series", "series", "aberrations"})
_NUMBERS: frozenset[Kind] = frozenset({"number", "integer"})


def explain_text(field: Field, text: str) -> tuple[str, str] | None:
    """Return why the text of a quantity or a number was not read, and what to write; None for other fields."""
    if field.kind in _QUANTITIES:
        return _explain_quantity(field, text)
    if field.kind not in _NUMBERS:
        return None
    try:
        parse_number(text)
    except NumberTextError as error:
        return str(error), error.hint
    return None


def _explain_quantity(field: Field, text: str) -> tuple[str, str]:
    units = f" Accepted units: {', '.join(field.units)}." if field.units else ""
    try:
        parsed = parse_quantity_text(text)
    except QuantityTextError as error:
        return error.reason, _pick_example(field, error.hint) + units
    written = parsed.get("unit", "no unit")
    return (
        f'"{text}" names {written}, and "unit" beside it names another.',
        f'Write the unit once: in the text, or as "unit".{units}',
    )


def _pick_example(field: Field, hint: str) -> str:
    """Return the hint with the field's own example where it would be a general one."""
    example = next((one for one in field.examples if isinstance(one, str)), None)
    return (
        hint
        if example is None or "20 mrad" not in hint
        else f'Write a number and its unit, such as "{example}".'
    )
