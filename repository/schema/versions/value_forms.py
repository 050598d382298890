"""What single values look like in the JSON Schema: quantities with units and limits, words, dates, symbols.

Ranges and unit lists are real keywords: per accepted unit an `if` for the unit and a `then` with its limits. Only what
cannot be right is a keyword; what is unusual is a warning of our own checks, told in `x-quantity`. Patterns are written
so that ECMA 262 and Python read them alike: [0-9], because Python's class of digits takes those of other scripts.
"""

from typing import Any

from repository.schema.quantities.elements import ELEMENT_SYMBOLS
from repository.schema.quantities.units import UNITS
from repository.schema.questions.fields import Field, load_catalogue
from repository.schema.questions.limits import find_hard_limits

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string", "minLength": 1}
_NUMBERS: JsonSchema = {"type": "array", "items": {"type": "number"}}
_NUMBER_KEYS = "^(value|values|range)$"
_MANY = 1e15

_LONG = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_SHORT = "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_FEBRUARY = "02-(0[1-9]|1[0-9]|2[0-8])"
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
DATE = f"(?!0000)([0-9]{{4}}-({_LONG}|{_SHORT}|{_FEBRUARY})|{_LEAP_YEAR}-02-29)"
"""Days of the calendar from the year 1 on, leap years included."""
CALIBRATION = "[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}/[1-9][0-9]*"
"""Which number of which calibration a value is from."""
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"


def object_with(key: str) -> JsonSchema:
    """Return the schema of a mapping that has a key."""
    return {"type": "object", "required": [key]}


def build_leaf(field: Field) -> JsonSchema:
    """Return what may stand at a field where no gap is declared."""
    if field.kind in {"quantity", "quantity_or_series", "series"}:
        name = "vector_quantity" if field.vector else field.kind
        return {"$ref": f"#/$defs/{name}", "allOf": _build_limits(field)}
    if field.kind == "aberrations":
        return {"$ref": "#/$defs/aberrations"}
    if field.kind == "timestamp":
        return {
            "if": {"type": "object"},
            "then": {"$ref": "#/$defs/timestamp"},
            "else": {"$ref": "#/$defs/date_time"},
        }
    plain = _build_plain(field)
    wrapped = {
        "type": "object",
        "properties": {"value": plain, **_PROVENANCE},
        "required": ["value"],
        "additionalProperties": False,
    }
    return {"if": {"type": "object"}, "then": wrapped, "else": plain}


def _build_limits(field: Field) -> list[JsonSchema]:
    """Return the accepted units, and for each of them what its numbers lie between."""
    units = field.units or tuple(UNITS)
    limits = [(unit, find_hard_limits(field, unit)) for unit in units]
    return [
        {"properties": {"unit": {"enum": list(units)}}},
        *(
            {
                "if": {"properties": {"unit": {"const": unit}}, "required": ["unit"]},
                "then": {"patternProperties": {_NUMBER_KEYS: _build_between(*ends)}},
            }
            for unit, ends in limits
            if ends is not None
        ),
    ]


def _build_between(low: float, high: float) -> JsonSchema:
    bounds = {"minimum": _tidy(low), "maximum": _tidy(high)}
    return {**bounds, "items": dict(bounds)}


def _tidy(number: float) -> float | int:
    return int(number) if number.is_integer() and abs(number) < _MANY else number


def _build_plain(field: Field) -> JsonSchema:
    match field.kind:
        case "choice":
            return {"type": "string", "enum": list(load_catalogue().words(str(field.vocabulary)))}
        case "choices":
            words = {"type": "string", "enum": list(load_catalogue().words(str(field.vocabulary)))}
            return {"type": "array", "items": words, "minItems": 1, "uniqueItems": True}
        case "texts":
            return {"type": "array", "items": TEXT}
        case "integers":
            length = {} if field.length is None else {"minItems": field.length, "maxItems": field.length}
            return {"type": "array", "items": {"type": "integer"}, "minItems": 1, **length}
        case "integer":
            bounds = (
                {} if field.hard is None else {"minimum": int(field.hard[0]), "maximum": int(field.hard[1])}
            )
            return {"type": "integer", **bounds}
        case _:
            return dict(_PLAIN_KINDS[field.kind])


_PROVENANCE: JsonSchema = {
    "source": {"$ref": "#/$defs/source"},
    "basis": {"$ref": "#/$defs/basis"},
    "origin_key": {"type": "string"},
    "calibration": {"type": "string", "pattern": f"^{CALIBRATION}$"},
    "calibrated_from": TEXT,
    "note": {"type": "string"},
}
_PLAIN_KINDS: dict[str, JsonSchema] = {
    "text": TEXT,
    "ror": TEXT,  # forms of identifiers that were free text in 1.0.0 are told by checks, not by the schema
    "funder_id": TEXT,
    "reference": TEXT,
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "elements": {"type": "array", "items": {"$ref": "#/$defs/element"}, "minItems": 1},
    "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
    "date": {"type": "string", "pattern": f"^{DATE}$"},
    "orcid": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$"},
    "license": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9.+-]*$"},
    "matrix2x2": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        "minItems": 2,
        "maxItems": 2,
    },
}


def _quantity(value: JsonSchema) -> JsonSchema:
    """Return the schema of {value|range, unit, …}; an error names the branch that was meant."""
    properties = {"unit": TEXT, "uncertainty": {"type": "number", "minimum": 0}, **_PROVENANCE}
    return {
        "if": object_with("range"),
        "then": {
            "type": "object",
            "properties": {"range": {**_NUMBERS, "minItems": 2, "maxItems": 2}, **properties},
            "required": ["range", "unit"],
            "additionalProperties": False,
        },
        "else": {
            "type": "object",
            "properties": {"value": value, **properties},
            "required": ["value", "unit"],
            "additionalProperties": False,
        },
    }


def build_definitions() -> dict[str, JsonSchema]:
    """Return the forms that several fields share."""
    catalogue = load_catalogue()
    number: JsonSchema = {"type": "number"}
    pair = {"if": {"type": "array"}, "then": {**_NUMBERS, "minItems": 2, "maxItems": 2}, "else": number}
    definitions: dict[str, JsonSchema] = {
        "gap": {
            "type": "object",
            "properties": {"missing": {"enum": list(catalogue.words("missing"))}, "note": {"type": "string"}},
            "required": ["missing"],
            "additionalProperties": False,
        },
        "source": {"enum": list(catalogue.words("source"))},
        "basis": {"enum": list(catalogue.words("basis"))},
        "element": {"type": "string", "enum": sorted(ELEMENT_SYMBOLS)},
        "quantity": _quantity(number),
        "vector_quantity": _quantity(pair),
        "series": _build_series(),
        "quantity_or_series": {
            "if": {"anyOf": [object_with("values"), object_with("array")]},
            "then": {"$ref": "#/$defs/series"},
            "else": {"$ref": "#/$defs/quantity"},
        },
        "aberrations": _build_aberrations(),
        **_build_times(),
    }
    return definitions


def _build_series() -> JsonSchema:
    """Return the schema of one value per frame, or of where they are stored (a signal, a file)."""
    properties = {"unit": TEXT, **_PROVENANCE}
    return {
        "if": object_with("array"),
        "then": {
            "type": "object",
            "properties": {
                "array": TEXT,
                "shape": {"type": "array", "items": {"type": "integer"}},
                **properties,
            },
            "required": ["array", "unit"],
            "additionalProperties": False,
        },
        "else": {
            "type": "object",
            "properties": {"values": {**_NUMBERS, "minItems": 1}, **properties},
            "required": ["values", "unit"],
            "additionalProperties": False,
        },
    }


def _build_aberrations() -> JsonSchema:
    lengths = [code for code, unit in UNITS.items() if unit.dimension == "length"]
    return {
        "type": "object",
        "properties": {
            "convention": {"enum": list(load_catalogue().words("aberration_convention"))},
            "coefficients": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Z][0-9](_?[0-9])?[ab]?$"},
                "additionalProperties": {
                    "$ref": "#/$defs/quantity",
                    "properties": {"unit": {"enum": lengths}},
                },
                "minProperties": 1,
            },
            **_PROVENANCE,
        },
        "required": ["convention", "coefficients"],
        "additionalProperties": False,
    }


def _build_times() -> dict[str, JsonSchema]:
    """Return the forms of a moment, and of a local time whose zone nobody knows."""
    return {
        "date_time": {"type": "string", "pattern": f"^{DATE}T{_CLOCK}{_OFFSET}$"},
        "timestamp": {
            "type": "object",
            "properties": {
                "value": {"type": "string", "pattern": f"^{DATE}(T{_CLOCK}{_OFFSET}?)?$"},
                "zone": {"const": "unknown"},
                **_PROVENANCE,
            },
            "required": ["value"],
            "additionalProperties": False,
        },
    }
