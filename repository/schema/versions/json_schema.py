"""The JSON Schema 2020-12 of the version in force, made from the catalogue.

Alternatives are written as if/then/else, not anyOf: an error then comes from the branch that was meant, not from all.
Units, ranges, words and symbols are keywords that any validator knows; `x-quantity` beside them tells people the same,
with what is usual and why. What no keyword can say (one field against another, the arrays) our own checks say.
"""

from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import DocumentName, Field, load_catalogue
from repository.schema.versions.demands import (
    build_common_demands,
    build_demand_definitions,
    build_technique_demands,
    list_contained,
    say,
)
from repository.schema.versions.in_force import VERSION_IN_FORCE, list_versions
from repository.schema.versions.namespaces import SCHEMA, list_field_iris
from repository.schema.versions.value_forms import JsonSchema, build_definitions, build_leaf, object_with

DIALECT = "https://json-schema.org/draft/2020-12/schema"


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
        "dataset": _build_dataset(),
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
        "$defs": build_definitions(),
    }


def _build_record() -> JsonSchema:
    record = build_core()
    record["$defs"] |= build_demand_definitions()
    record["allOf"] = [
        *build_common_demands(),
        *(
            {
                "if": say("technique", list_contained(technique)),
                "then": {"$ref": f"technique/{technique}.json"},
            }
            for technique in load_catalogue().words("technique")
        ),
    ]
    return record


def _build_technique(technique: str) -> JsonSchema:
    """State what is required of a record with this technique, as far as the record alone says what applies."""
    return {
        "$id": f"{SCHEMA}/technique/{technique}.json",
        "title": f"Demands of {technique}",
        **build_technique_demands(technique),
        "$defs": build_demand_definitions(),
    }


def _build_dataset() -> JsonSchema:
    dataset = _build_document("dataset", "Dataset document", "dataset")
    dataset["properties"]["creators"]["else"]["minItems"] = 1
    for key in dataset["required"]:  # without them nothing can be cited, or used
        dataset["properties"][key]["then"] = {"not": {}}
    dataset["allOf"] = [
        {
            "if": say("access", {"const": "embargoed"}),
            # A declared gap is no date on which an embargo ends.
            "then": {"required": ["embargo_until"], "properties": {"embargo_until": {"type": "string"}}},
        },
    ]
    return dataset


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
            "if": object_with("missing"),
            "then": {"$ref": "#/$defs/gap"},
            "else": _build_group(node),
        }
        return {**annotations, **gap_or_group}
    if node.field.kind == "objects":
        items = {"type": "array", "items": _build_group(node)}
        return {**annotations, "if": object_with("missing"), "then": {"$ref": "#/$defs/gap"}, "else": items}
    if node.field.kind in {"lookup", "extensions"}:
        return {**annotations, **_build_free(node.field)}
    return {
        **annotations,
        "if": object_with("missing"),
        "then": {"$ref": "#/$defs/gap"},
        "else": build_leaf(node.field),
    }


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
            "instruments": {
                "type": "object",
                "description": "What an instrument record says, by the path of the file.",
                "additionalProperties": {"type": "object"},
            },
            "calibrations": {
                "type": "object",
                "description": "What calibrations say that were taken for it, by the path of the file.",
                "additionalProperties": {"type": "object"},
            },
        },
        "additionalProperties": False,
    }
