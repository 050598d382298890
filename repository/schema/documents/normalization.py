"""One way of writing: what people type becomes the form that documents are stored in.

Nothing is judged here. What cannot be read stays as it was typed, for validation to name. Normalizing twice
changes nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from repository.schema.places import VALUE_KEYS, is_gap
from repository.schema.quantities.quantity import QuantityTextError, is_number, parse_quantity_text
from repository.schema.quantities.typed_numbers import NumberTextError, parse_number
from repository.schema.quantities.units import find_unit_code
from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import DocumentName, Field, Kind

_GAPS = {
    "not recorded": "not_recorded",
    "not known": "not_recorded",
    "not measured": "not_recorded",
    "withheld": "withheld",
    "not applicable": "not_applicable",
}
_SERIES: frozenset[Kind] = frozenset({"series", "quantity_or_series"})
_QUANTITIES: frozenset[Kind] = _SERIES | {"quantity"}
_ANSWERS = {"yes": True, "true": True, "no": False, "false": False}
_CELLS = 4
_PEOPLE = frozenset({"creators", "contributors"})
_LOCAL_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$")


def normalize_document(raw: Mapping[str, Any], *, kind: DocumentName = "measurement") -> dict[str, Any]:
    """Return the document in its stored form; the argument is not changed.

    - "200 kV" becomes {value: 200, unit: kV}; units get their UCUM code; a range and "about" mean `basis:
      estimated`.
    - A text beside a `unit` may leave its unit out; one that names another contradicts it, and stays as it is.
    - A quantity without `source` is the depositor's, without `basis` nominal (as set).
    - "not recorded", "withheld" and "not applicable" become declared gaps; so does "unknown" for elements.
    - A date without offset becomes {value, zone: unknown}; a named zone becomes its offset.
    - A single word becomes a list where a list is meant; a creator's bare name becomes {name}.
    - Keys without a value (unfilled lines of a template), and groups of nothing else, are left out.
    A bare number stays one: validation refuses it, for no unit is ever guessed.
    """
    return _normalize_group(raw, build_tree(kind))


def _normalize_group(entry: Mapping[str, Any], node: Node) -> dict[str, Any]:
    normalized = {}
    for key, child in entry.items():
        if child is None:
            continue
        below = node.children.get(key) if isinstance(key, str) else None
        result = child if below is None else _normalize_child(child, below)
        if below is not None and below.children and not result and child:
            continue  # nothing in the group was filled in
        normalized[str(key)] = result
    return normalized


def _normalize_child(child: Any, node: Node) -> Any:
    gap = _read_gap(child, node.field)
    if gap is not None:
        return gap
    if not node.children:
        return child if node.field is None else _normalize_leaf(child, node.field)
    if isinstance(child, str) and _is_list_of_people(node):
        child = [child]
    if isinstance(child, list):
        named = [
            {"name": item} if isinstance(item, str) and _is_list_of_people(node) else item for item in child
        ]
        items = [_normalize_group(item, node) if isinstance(item, Mapping) else item for item in named]
        return [item for item, typed in zip(items, child, strict=True) if item or not typed]
    if isinstance(child, Mapping) and not is_gap(child):
        group = _normalize_group(child, node)
        return [group] if node.field is not None and node.field.kind == "objects" else group
    return child


def _is_list_of_people(node: Node) -> bool:
    return node.field is not None and node.field.path in _PEOPLE


def _read_gap(child: Any, field: Field | None) -> dict[str, str] | None:
    if not isinstance(child, str):
        return None
    words = child.strip().lower().replace("_", " ")
    if words == "unknown" and field is not None and field.kind == "elements":
        return {"missing": "not_recorded", "note": "unknown"}
    missing = _GAPS.get(words)
    if missing is None:
        return None
    return (
        {"missing": missing, "note": words}
        if words in {"not known", "not measured"}
        else {"missing": missing}
    )


def _normalize_leaf(child: Any, field: Field) -> Any:
    if is_gap(child):
        return child
    if field.kind in _QUANTITIES:
        return _normalize_quantity(child, field)
    normalize = _NORMALIZERS.get(field.kind)
    if normalize is None:
        return child
    if isinstance(child, Mapping) and "value" in child and field.kind in _WRAPPED:
        return {**child, "value": normalize(child["value"])}
    return normalize(child)


def _normalize_quantity(child: Any, field: Field | None = None) -> Any:
    if isinstance(child, str):
        child = {"value": child}
    if not isinstance(child, Mapping):
        return child
    quantity = dict(child)
    if isinstance(quantity.get("unit"), str):
        quantity["unit"] = find_unit_code(quantity["unit"]) or quantity["unit"]
        if not quantity["unit"].strip():
            del quantity["unit"]  # nobody said one
    if isinstance(quantity.get("value"), str):
        try:
            quantity = _read_typed(quantity, field)
        except QuantityTextError:
            return child["value"] if len(child) == 1 else quantity
    if isinstance(quantity.get("value"), list) and field is not None and field.kind in _SERIES:
        quantity["values"] = quantity.pop("value")
    if VALUE_KEYS & set(quantity):
        quantity.setdefault("source", "depositor")
        quantity.setdefault("basis", "estimated" if "range" in quantity else "nominal")
    return quantity


def _read_typed(quantity: Mapping[str, Any], field: Field | None) -> dict[str, Any]:
    """Return a quantity whose value is a text; of two units that contradict each other neither is taken.

    Raises
    ------
    QuantityTextError
        The text cannot be read, or names another unit than stands beside it.
    """
    beside = quantity.get("unit")
    certain = field.units[0] if field is not None and len(field.units) == 1 else None
    parsed = parse_quantity_text(quantity["value"], unit=beside if isinstance(beside, str) else certain)
    if isinstance(beside, str) and parsed.get("unit") != beside:
        raise QuantityTextError(f"The text is in {parsed.get('unit')}, and {beside} stands beside it.")
    return {**parsed, **{key: part for key, part in quantity.items() if key not in {"value", "unit"}}}


def _normalize_aberrations(child: Any) -> Any:
    coefficients = child.get("coefficients") if isinstance(child, Mapping) else None
    if not isinstance(coefficients, Mapping):
        return child
    return {
        **child,
        "coefficients": {name: _normalize_quantity(entry) for name, entry in coefficients.items()},
    }


def _normalize_timestamp(child: Any) -> Any:
    zone = None
    rest: dict[str, Any] = {}
    if isinstance(child, Mapping):
        if not isinstance(child.get("value"), str | dt.date):
            return child
        rest = {key: entry for key, entry in child.items() if key not in {"value", "zone"}}
        zone, child = child.get("zone"), child["value"]
    if isinstance(child, dt.date):
        child = child.isoformat()
    if not isinstance(child, str):
        return child
    match = _LOCAL_TIME.match(child.strip())
    if match is None:
        return {"value": child, **rest} if rest else child.strip()
    local = "T".join(part for part in match.groups() if part)
    offset = _find_offset(local, zone)
    if offset is None:
        return {"value": local, "zone": "unknown" if zone is None else zone, **rest}
    return {"value": local + offset, **rest} if rest else local + offset


def _find_offset(local: str, zone: Any) -> str | None:
    """Return "+01:00" for a stated offset or a named zone at that local time; None when it is not known."""
    if not isinstance(zone, str) or zone == "unknown" or "T" not in local:
        return None
    if zone in {"Z", "UTC"}:
        return "Z"
    if re.fullmatch(r"[+-]\d{2}:\d{2}", zone):
        return zone
    try:
        moment = dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    text = moment.isoformat()
    return text[-6:]


def _normalize_list(child: Any) -> Any:
    return [child.strip()] if isinstance(child, str) and child.strip() else child


def _normalize_words(child: Any) -> Any:
    # No word of a vocabulary has a comma.
    return (
        [word.strip() for word in child.split(",") if word.strip()] or child
        if isinstance(child, str)
        else child
    )


def _normalize_elements(child: Any) -> Any:
    if isinstance(child, str):
        return [word for word in re.split(r"[\s,;]+", child) if word]
    return child


def _normalize_shape(child: Any) -> Any:
    return [child] if is_number(child) else _normalize_integers(child)


def _normalize_integers(child: Any) -> Any:
    # Among whole numbers a comma can only part them.
    numbers = _read_numbers(child.replace(",", " ")) if isinstance(child, str) else None
    return child if numbers is None or not all(isinstance(number, int) for number in numbers) else numbers


def _normalize_matrix(child: Any) -> Any:
    numbers = _read_numbers(child) if isinstance(child, str) else None
    return child if numbers is None or len(numbers) != _CELLS else [numbers[:2], numbers[2:]]


def _read_numbers(text: str) -> list[int | float] | None:
    """Return the numbers of "256 × 128", "[0 0 1]" or "1 0; 0 1"; None where something else stands among them."""
    words = re.split(r"(?:[\s;×\[\]()]|,(?!\d)|(?<=\d)x(?=\d)|\bx\b)+", text)
    try:
        return [parse_number(word) for word in words if word] or None
    except NumberTextError:
        return None


def _normalize_text(child: Any) -> Any:
    if isinstance(child, str):
        return child.strip()
    return str(child) if is_number(child) else child


def _normalize_date(child: Any) -> Any:
    return child.isoformat() if isinstance(child, dt.date) else _normalize_text(child)


def _normalize_number(child: Any) -> Any:
    if isinstance(child, str):
        try:
            return parse_number(child)
        except NumberTextError:
            return child
    return child


def _normalize_boolean(child: Any) -> Any:
    return _ANSWERS.get(child.strip().lower(), child) if isinstance(child, str) else child


def _normalize_orcid(child: Any) -> Any:
    if not isinstance(child, str):
        return child
    digits = re.sub(r"^https?://(www\.)?orcid\.org/", "", child.strip()).replace("-", "").upper()
    return "-".join(re.findall(".{4}", digits)) if re.fullmatch(r"\d{15}[\dX]", digits) else child.strip()


_NORMALIZERS: dict[Kind, Callable[[Any], Any]] = {
    "aberrations": _normalize_aberrations,
    "timestamp": _normalize_timestamp,
    "texts": _normalize_list,
    "choices": _normalize_words,
    "elements": _normalize_elements,
    "shape": _normalize_shape,
    "text": _normalize_text,
    "date": _normalize_date,
    "number": _normalize_number,
    "integer": _normalize_number,
    "integers": _normalize_integers,
    "matrix2x2": _normalize_matrix,
    "boolean": _normalize_boolean,
    "orcid": _normalize_orcid,
    "ror": _normalize_text,
    "funder_id": _normalize_text,
    "reference": _normalize_text,
}
_WRAPPED: frozenset[Kind] = frozenset(
    {"texts", "choices", "elements", "shape", "text", "number", "integer", "integers", "matrix2x2", "boolean"}
)
