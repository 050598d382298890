"""Whether two statements about the same field say the same."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from repository.schema.places import get_plain
from repository.schema.quantities.quantity import Reading, format_quantity, read_quantity
from repository.schema.quantities.units import UnitMismatchError
from repository.schema.questions.fields import Field

TOLERANCE = 0.02
_DESCRIPTIVE = frozenset(
    {"text", "texts", "elements", "choices", "aberrations", "lookup", "extensions", "series"}
)
_QUANTITIES = frozenset({"quantity", "quantity_or_series"})
_SHOWN = 80


def describe_difference(field: Field, found: Any, given: Any) -> tuple[str, str] | None:
    """Return (given, found) as texts in the same unit where the two differ, else None.

    Descriptions may differ. Quantities differ beyond 2 % of the larger one, once uncertainties and ranges are
    allowed for. Units of different dimension (mrad against nm-1) cannot be compared here; the cross-field
    layer does with a wavelength.
    """
    if field.kind in _QUANTITIES:
        return _compare_quantities(found, given)
    if field.kind in _DESCRIPTIVE:
        return None
    first, second = get_plain(found), get_plain(given)
    if field.kind == "timestamp":
        return None if _is_same_moment(first, second) else (_show(second), _show(first))
    return None if _is_same(first, second) else (_show(second), _show(first))


def _compare_quantities(found: Any, given: Any) -> tuple[str, str] | None:
    first, second = read_quantity(found), read_quantity(given)
    if first is None or second is None:
        return None
    try:
        in_given_unit = Reading(first.in_unit(second.unit), second.unit, first.is_range)
    except UnitMismatchError:
        return None
    slack = _uncertainty(given) + _uncertainty(found)
    if _overlap(in_given_unit, second, slack):
        return None
    return format_quantity(second), format_quantity(in_given_unit)


def _uncertainty(entry: Any) -> float:
    found = entry.get("uncertainty") if isinstance(entry, Mapping) else None
    return float(found) if isinstance(found, int | float) and math.isfinite(found) and found > 0 else 0.0


def _overlap(first: Reading, second: Reading, slack: float) -> bool:
    if first.is_range or second.is_range:
        margin = TOLERANCE * max(map(abs, (*first.numbers, *second.numbers))) + slack
        return (
            min(first.numbers) <= max(second.numbers) + margin
            and min(second.numbers) <= max(first.numbers) + margin
        )
    size = max(len(first.numbers), len(second.numbers))
    ours, theirs = _spread(first.numbers, size), _spread(second.numbers, size)
    if len(ours) != len(theirs):
        return False
    return all(
        abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) + slack for a, b in zip(ours, theirs, strict=True)
    )


def _spread(numbers: tuple[float, ...], size: int) -> tuple[float, ...]:
    return numbers * size if len(numbers) == 1 else numbers


def _is_same(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, int | float):
        return math.isclose(first, second, rel_tol=TOLERANCE)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(_is_same(a, b) for a, b in zip(first, second, strict=True))
    return bool(first == second)


def _is_same_moment(first: Any, second: Any) -> bool:
    """Compare instants where both have a zone, else local readings to the coarser one's precision."""
    texts: list[Any] = [
        entry.get("value") if isinstance(entry, Mapping) else entry for entry in (first, second)
    ]
    try:
        moments = [dt.datetime.fromisoformat(text) for text in texts]
    except (TypeError, ValueError):
        return bool(texts[0] == texts[1])
    if all(moment.tzinfo is not None for moment in moments):
        return abs(moments[0] - moments[1]) < dt.timedelta(minutes=1)
    if any("T" not in text for text in texts):
        return moments[0].date() == moments[1].date()
    local = [moment.replace(tzinfo=None) for moment in moments]
    return abs(local[0] - local[1]) < dt.timedelta(minutes=1)


def _show(entry: Any) -> str:
    text = entry.get("value") if isinstance(entry, Mapping) else entry
    return str(text)[:_SHOWN]
