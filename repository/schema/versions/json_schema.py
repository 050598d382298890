"""The JSON Schema 2020-12 of the version in force, made from the catalogue.

Alternatives are written as if/then/else, not anyOf: an error then comes from the branch that was meant, not
from all. Units, ranges and cross-field rules stand beside each field as annotations (`x-quantity`); the
quantity layer checks them in its own walk, because validators drop keywords they do not know whenever a
`$ref` target names its own `$schema`.
"""

from typing import Any

from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import DocumentName, Field, load_catalogue
from repository.schema.versions.in_force import VERSION_IN_FORCE, list_versions
from repository.schema.versions.namespaces import SCHEMA, list_field_iris

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JsonSchema = dict[str, Any]

_TEXT: JsonSchema = {"type": "string", "minLength": 1}
_NUMBERS: JsonSchema = {"type": "array", "items": {"type": "number"}}


def build_json_schema(name: str = "record") -> JsonSchema:
    """Return one schema file: record, dataset, supplied, or technique/<technique>.

    Raises
    ------
    KeyError
        When there is no such file.
    """
    return build_schemas()[name]


def build_schemas() -> dict[str, JsonSchema]:
    """Return every schema file by its name without `.json`."""
    files = {
        "record": _build_record(),
        "dataset": _build_document("dataset", "Dataset document", "dataset"),
        "supplied": _build_supplied(),
    }
    for technique in load_catalogue().words("technique"):
        files[f"technique/{technique}"] = _build_technique(technique)
    return files


def build_core() -> JsonSchema:
    """Return the record schema without the demands of techniques: what the structure layer checks."""
    return _build_document("measurement", "Measurement document", "record")


def _build_document(document: DocumentName, title: str, name: str) -> JsonSchema:
    schema = _build_group(build_tree(document))
    return {
        "$schema": DIALECT,
        "$id": f"{SCHEMA}/{name}.json",
        "title": title,
        "x-version": VERSION_IN_FORCE,
        **schema,
        "$defs": _build_definitions(),
    }


def _build_record() -> JsonSchema:
    record = build_core()
    record["allOf"] = [
        {
            "if": {
                "properties": {"technique": {"contains": {"const": technique}}},
                "required": ["technique"],
            },
            "then": {"$ref": f"technique/{technique}.json"},
        }
        for technique in load_catalogue().words("technique")
    ]
    return record


def _build_technique(technique: str) -> JsonSchema:
    """State what is required of a measured record without further condition (codes R and Rc)."""
    demands = [
        _build_demand(row.answers)
        for row in load_catalogue().rows
        if row.codes[technique] in {"R", "Rc"} and row.axes is None
    ]
    return {
        "$id": f"{SCHEMA}/technique/{technique}.json",
        "title": f"Demands of {technique}",
        "if": {"properties": {"origin": {"const": "simulated"}}, "required": ["origin"]},
        "else": {"allOf": demands},
    }


def _build_demand(answers: tuple[tuple[str, ...], ...]) -> JsonSchema:
    choices = [_build_presence(paths) for paths in answers]
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _build_presence(paths: tuple[str, ...]) -> JsonSchema:
    if paths[0].startswith("links:"):
        role = {"properties": {"role": {"const": paths[0].removeprefix("links:")}}, "required": ["role"]}
        return {"properties": {"links": {"contains": role}}, "required": ["links"]}
    heads = [path.removesuffix("{}").split("[]")[0].split(".") for path in paths]
    found: JsonSchema = {"required": sorted({parts[0] for parts in heads})}
    nested = {parts[0]: {"required": [parts[1]]} for parts in heads if len(parts) > 1}
    if nested:  # a whole group may be a declared gap
        found["properties"] = {
            key: {"anyOf": [inner, {"required": ["missing"]}]} for key, inner in nested.items()
        }
    return found


def _build_group(node: Node) -> JsonSchema:
    group: JsonSchema = {
        "type": "object",
        "properties": {key: _build_node(child) for key, child in sorted(node.children.items())},
        "additionalProperties": False,
    }
    required = [
        key for key, child in node.children.items() if child.field is not None and child.field.required
    ]
    return {**group, "required": sorted(required)} if required else group


def _build_node(node: Node) -> JsonSchema:
    annotations = {} if node.field is None else _build_annotations(node.field)
    if node.field is None or node.field.kind == "group":
        gap_or_group = {
            "if": _object_with("missing"),
            "then": {"$ref": "#/$defs/gap"},
            "else": _build_group(node),
        }
        return {**annotations, **gap_or_group}
    if node.field.kind == "objects":
        items = {"type": "array", "items": _build_group(node)}
        return {**annotations, "if": _object_with("missing"), "then": {"$ref": "#/$defs/gap"}, "else": items}
    if node.field.kind in {"lookup", "extensions"}:
        return {**annotations, **_build_free(node.field)}
    return {
        **annotations,
        "if": _object_with("missing"),
        "then": {"$ref": "#/$defs/gap"},
        "else": _build_leaf(node.field),
    }


def _build_leaf(field: Field) -> JsonSchema:
    if field.kind in {"quantity", "quantity_or_series", "series", "aberrations"}:
        name = "vector_quantity" if field.vector else field.kind
        return {"$ref": f"#/$defs/{name}"}
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


def _build_plain(field: Field) -> JsonSchema:
    match field.kind:
        case "choice":
            return {"type": "string", "enum": list(load_catalogue().words(str(field.vocabulary)))}
        case "choices":
            words = {"type": "string", "enum": list(load_catalogue().words(str(field.vocabulary)))}
            return {"type": "array", "items": words, "minItems": 1, "uniqueItems": True}
        case "texts":
            return {"type": "array", "items": _TEXT}
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


def _build_free(field: Field) -> JsonSchema:
    if field.kind == "lookup":
        return {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    name = r"^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)+:[A-Za-z0-9_.-]+$"
    return {"type": "object", "propertyNames": {"pattern": name}}


def _build_annotations(field: Field) -> JsonSchema:
    annotations: JsonSchema = {"title": field.title, "description": field.description}
    if field.examples:
        annotations["examples"] = list(field.examples)
    if field.units:
        annotations["x-quantity"] = _build_quantity_annotation(field)
    iris = list_field_iris(field)
    if iris:
        annotations["x-iri"] = iris
    if field.hyperspy:
        annotations["x-hyperspy"] = field.hyperspy
    return annotations


def _build_quantity_annotation(field: Field) -> JsonSchema:
    annotation: JsonSchema = {"unit": field.unit, "allowed_units": list(field.units)}
    for names, limits in ((("min", "max"), field.hard), (("warn_min", "warn_max"), field.soft)):
        if limits is not None:
            annotation.update(zip(names, limits, strict=True))
    if field.range_reason:
        annotation["reason"] = field.range_reason
    return annotation


def _object_with(key: str) -> JsonSchema:
    return {"type": "object", "required": [key]}


_PROVENANCE: JsonSchema = {
    "source": {"$ref": "#/$defs/source"},
    "basis": {"$ref": "#/$defs/basis"},
    "origin_key": {"type": "string"},
    "calibrated_from": _TEXT,
    "note": {"type": "string"},
}
_PLAIN_KINDS: dict[str, JsonSchema] = {
    "text": _TEXT,
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "elements": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z][a-z]?$"}, "minItems": 1},
    "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "orcid": {"type": "string", "pattern": r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"},
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
    properties = {"unit": _TEXT, "uncertainty": {"type": "number", "minimum": 0}, **_PROVENANCE}
    return {
        "if": _object_with("range"),
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


def _build_definitions() -> dict[str, JsonSchema]:
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
        "quantity": _quantity(number),
        "vector_quantity": _quantity(pair),
        "series": _build_series(),
        "quantity_or_series": {
            "if": {"anyOf": [_object_with("values"), _object_with("array")]},
            "then": {"$ref": "#/$defs/series"},
            "else": {"$ref": "#/$defs/quantity"},
        },
        "aberrations": _build_aberrations(),
        **_build_times(),
    }
    return definitions


def _build_series() -> JsonSchema:
    """Return the schema of one value per frame, or of where they are stored (a signal, a file)."""
    properties = {"unit": _TEXT, **_PROVENANCE}
    return {
        "if": _object_with("array"),
        "then": {
            "type": "object",
            "properties": {
                "array": _TEXT,
                "shape": {"type": "array", "items": {"type": "integer"}},
                **properties,
            },
            "required": ["array", "unit"],
            "additionalProperties": False,
        },
        "else": {
            "type": "object",
            "properties": {"values": {"type": "array", "minItems": 1}, **properties},
            "required": ["values", "unit"],
            "additionalProperties": False,
        },
    }


def _build_aberrations() -> JsonSchema:
    return {
        "type": "object",
        "properties": {
            "convention": {"enum": list(load_catalogue().words("aberration_convention"))},
            "coefficients": {
                "type": "object",
                "propertyNames": {"pattern": r"^[A-Z]\d(_?\d)?[ab]?$"},
                "additionalProperties": {"$ref": "#/$defs/quantity"},
                "minProperties": 1,
            },
            **_PROVENANCE,
        },
        "required": ["convention", "coefficients"],
        "additionalProperties": False,
    }


def _build_times() -> dict[str, JsonSchema]:
    """Return the forms of a moment, and of a local time whose zone nobody knows."""
    clock = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
    return {
        "date_time": {
            "type": "string",
            "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}T{clock}(Z|[+-]\d{{2}}:\d{{2}})$",
        },
        "timestamp": {
            "type": "object",
            "properties": {
                "value": {
                    "type": "string",
                    "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}(T{clock}(Z|[+-]\d{{2}}:\d{{2}})?)?$",
                },
                "zone": {"const": "unknown"},
                **_PROVENANCE,
            },
            "required": ["value"],
            "additionalProperties": False,
        },
    }


def _build_supplied() -> JsonSchema:
    """Return the schema of the document for `--metadata`: what a person hands in beside the files."""
    return {
        "$schema": DIALECT,
        "$id": f"{SCHEMA}/supplied.json",
        "title": "Metadata document",
        "type": "object",
        "properties": {
            "schema": {
                "enum": list(list_versions()),
                "description": "The version in whose words the rest is written; the one in force by default.",
            },
            "dataset": {"type": "object"},
            "defaults": {"type": "object"},
            "kinds": {"type": "object", "additionalProperties": {"type": "object"}},
            "measurements": {"type": "object", "additionalProperties": {"type": "object"}},
            "differs": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        },
        "additionalProperties": False,
    }
