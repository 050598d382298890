"""The structure layer: right keys, right kinds of value, told in a microscopist's words."""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from repository.schema.checks.suggestions import suggest_key, suggest_word
from repository.schema.checks.typed_text import explain_text
from repository.schema.findings import Finding
from repository.schema.outside_identifiers import find_identifier_fault
from repository.schema.places import build_pointer, escape_pointer, is_gap
from repository.schema.quantities.quantity import is_number, write_amount
from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import DocumentName, Field, load_catalogue
from repository.schema.versions.json_schema import build_core, build_json_schema

QUANTITY_KINDS = frozenset({"quantity", "quantity_or_series", "series"})
_LONGEST_SHOWN = 60
_LONGEST_REMEMBERED = 2000
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}|$)")


def check_structure(document: Any, *, kind: DocumentName = "measurement") -> list[Finding]:
    """Return the findings of the structure layer on a normalized document."""
    if not isinstance(document, Mapping):
        message = f"A metadata document is a mapping of fields, not {_describe(document)}."
        return [
            Finding(
                "error", "wrong_type", message, hint="Write `field: value` lines (YAML) or a JSON object."
            )
        ]
    findings = list(find_non_finite(document))
    named = {finding.pointer for finding in findings}
    for error in _get_validator(kind).iter_errors(_leave_out_right(document, kind)):
        findings.extend(finding for finding in _translate(error, kind) if finding.pointer not in named)
    return sorted(findings, key=lambda finding: finding.pointer)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a document says under one key; two are the same where they are written the same, types included."""

    key: str
    text: str
    entry: Any = dataclasses.field(compare=False)


def _leave_out_right(document: Mapping[str, Any], kind: DocumentName) -> Mapping[str, Any]:
    """Return the document without what was found right before: an answer changes one key of many, in many files.

    A measurement's schema judges each key by itself. The keys of a dataset's demand each other, and all stay.
    """
    if kind != "measurement":
        return document
    known = _list_keys()
    return {
        key: entry
        for key, entry in document.items()
        if key not in known
        or len(text := repr(entry)) > _LONGEST_REMEMBERED
        or not _is_right(_Part(key, text, entry))
    }


@functools.cache
def _list_keys() -> frozenset[str]:
    return frozenset(build_core()["properties"])


@functools.lru_cache(maxsize=4096)
def _is_right(part: _Part) -> bool:
    return _get_validator("measurement").is_valid({part.key: part.entry})


def find_non_finite(entry: Any, pointer: str = "") -> Iterator[Finding]:
    """Yield a finding for every NaN or infinity: JSON has none, and `type: number` lets them pass."""
    if isinstance(entry, float) and not math.isfinite(entry):
        yield Finding(
            "error",
            "not_finite",
            f"{entry} at {pointer or 'the top'} is not a number.",
            pointer,
            "Give a finite value"
            + ("." if _has_no_gap(pointer) else ', or declare {"missing": "not_recorded"}.'),
        )
    elif isinstance(entry, Mapping):
        for key, child in entry.items():
            yield from find_non_finite(child, f"{pointer}/{escape_pointer(str(key))}")
    elif isinstance(entry, list | tuple):
        for index, child in enumerate(entry):
            yield from find_non_finite(child, f"{pointer}/{index}")


def _has_no_gap(pointer: str) -> bool:
    """Whether what stands there must be known."""
    places = [build_pointer(row.path) for row in load_catalogue().rows if not row.escape]
    return any(f"{pointer}/".startswith(f"{place}/") for place in places)


@functools.cache
def _get_validator(kind: DocumentName) -> Draft202012Validator:
    return Draft202012Validator(build_core() if kind == "measurement" else build_json_schema("dataset"))


def _translate(error: ValidationError, kind: DocumentName) -> Iterator[Finding]:
    parts = [str(part) for part in error.absolute_path]
    pointer = "".join(f"/{escape_pointer(part)}" for part in parts)
    field = _find_field(parts, kind)
    if _is_told_elsewhere(error, parts, field):
        return
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
            for key in _as_mapping(error.instance):
                if key not in known:
                    yield _explain_unknown(key, list(known), parts, pointer, kind)
        case "required":
            yield _explain_absent(error, pointer, field)
        case "type":
            yield _explain_type(error, pointer, field)
        case "not" if is_gap(error.instance):
            yield _explain_gap(pointer, field)
        case "enum":
            yield _explain_choice(error, pointer, field)
        case _:
            yield _explain_form(error, pointer, field)


def _is_told_elsewhere(error: ValidationError, parts: list[str], field: Field | None) -> bool:
    """Whether a later layer tells the same in better words: which unit was meant, what is possible, which element."""
    keyword, last = error.validator, parts[-1] if parts else ""
    kind = field.kind if field is not None else None
    if keyword in {"minimum", "maximum"}:
        return kind in QUANTITY_KINDS and last != "uncertainty"
    if keyword == "enum":
        return (kind == "elements" and last.isdigit()) or (
            kind in {*QUANTITY_KINDS, "aberrations"} and last == "unit"
        )
    if keyword == "type" and parts == ["embargo_until"] and is_gap(error.instance):
        return True
    if keyword == "type":
        return kind in QUANTITY_KINDS and parts[-2:-1] == ["values"]
    return (keyword == "minItems" and parts == ["creators"]) or (
        keyword == "required" and error.validator_value == ["embargo_until"]
    )


def _as_mapping(instance: Any) -> Mapping[str, Any]:
    return instance if isinstance(instance, Mapping) else {}


def _find_field(parts: list[str], kind: DocumentName) -> Field | None:
    """Return the field that a pointer lies in (the innermost one that the catalogue knows)."""
    node: Node | None = build_tree(kind)
    field = None
    for part in parts:
        if part.isdigit():
            continue
        node = node.children.get(part) if node is not None else None
        if node is None:
            break
        field = node.field or field
    return field


def _explain_unknown(
    key: str, siblings: list[str], parts: list[str], pointer: str, kind: DocumentName
) -> Finding:
    group = ".".join(part for part in parts if not part.isdigit())
    suggestion = suggest_key(key, siblings, group, kind)
    place = f" in {group}" if group else ""
    return Finding(
        "error",
        "unknown_key",
        f'"{key}" is not a field{place} of the schema.',
        f"{pointer}/{escape_pointer(key)}",
        suggestion
        or 'Correct the name, or keep it under "extensions" with a key like "org.example.lab:name".',
    )


def _explain_absent(error: ValidationError, pointer: str, field: Field | None) -> Finding:
    absent = _find_absent(error)
    if absent == "unit" and field is not None:
        return _explain_unit_missing(field, pointer, _write_amount(_as_mapping(error.instance)))
    if field is None and absent == "title":
        hint = "Give it with --title, in the metadata document as dataset.title, or on the deposit's page."
        return Finding("error", "key_missing", "The dataset has no title.", pointer, hint)
    title = field.title if field is not None else "The document"
    message = f'{title} lacks "{absent}".'
    return Finding("error", "key_missing", message, pointer, _hint_of(field))


def _explain_gap(pointer: str, field: Field | None) -> Finding:
    title = field.title if field is not None else "This entry"
    message = f"{title} cannot be declared as missing: without it nobody can cite or use the dataset."
    return Finding("error", "gap_not_allowed", message, pointer, _hint_of(field))


def _find_absent(error: ValidationError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else []
    return next((str(key) for key in wanted if f"'{key}'" in error.message), str(wanted[0]) if wanted else "")


def _explain_type(error: ValidationError, pointer: str, field: Field | None) -> Finding:
    is_whole_quantity = (
        field is not None and field.kind in QUANTITY_KINDS and error.validator_value == "object"
    )
    if field is not None and is_whole_quantity and is_number(error.instance):
        return _explain_unit_missing(field, pointer, _write_amount({"value": error.instance}))
    if field is not None and isinstance(error.instance, str):
        explained = explain_text(field, error.instance)
        if explained is not None:
            message, hint = f"{field.title}: {explained[0]}", explained[1]
            code = "quantity_unreadable" if field.kind in QUANTITY_KINDS else "wrong_type"
            return Finding("error", code, message, pointer, hint)
    if field is not None and is_whole_quantity:
        message = f"{field.title}: {_describe(error.instance)} cannot be read as a quantity."
        return Finding("error", "quantity_unreadable", message, pointer, _hint_of(field))
    title = field.title if field is not None else "This entry"
    wanted = _KINDS.get(str(error.validator_value), str(error.validator_value))
    message = f"{title} should be {wanted}, not {_describe(error.instance)}."
    return Finding("error", "wrong_type", message, pointer, _hint_of(field))


def _write_amount(quantity: Mapping[str, Any]) -> str:
    """Return the numbers of a quantity as they may be typed; nothing where they are none."""
    found = quantity.get("range", quantity.get("value", quantity.get("values")))
    numbers = found if isinstance(found, list) else [found]
    return write_amount(quantity) if all(map(is_number, numbers)) and numbers else ""


def _explain_unit_missing(field: Field, pointer: str, amount: str) -> Finding:
    return Finding(
        "error",
        "unit_missing",
        f"{field.title}: {amount or 'a number'} has no unit.",
        pointer,
        f'No unit is ever guessed. Write "{amount or "1"} {field.unit}"; accepted units: '
        f"{', '.join(field.units) or 'any'}.",
        "structure",
    )


def _explain_choice(error: ValidationError, pointer: str, field: Field | None) -> Finding:
    allowed = error.validator_value
    words = [str(word) for word in allowed] if isinstance(allowed, list) else []
    title = field.title if field is not None else "This entry"
    closest = suggest_word(str(error.instance), words, field.vocabulary if field is not None else None)
    hint = f'Did you mean "{closest}"? ' if closest else ""
    message = f"{title}: {_describe(error.instance)} is not one of the words used here."
    return Finding("error", "not_a_choice", message, pointer, f"{hint}Possible: {', '.join(words)}.")


def _explain_form(error: ValidationError, pointer: str, field: Field | None) -> Finding:
    if field is not None and field.kind == "orcid":
        fault = find_identifier_fault("orcid", str(error.instance))
        if fault is not None:
            return Finding("error", "wrong_form", fault.says, pointer, fault.hint)
    title = field.title if field is not None else "This entry"
    is_day = field is not None and field.kind in {"timestamp", "date"} and _DAY.match(str(error.instance))
    judged = "is not a date that exists" if is_day else "does not have the right form"
    message = f"{title}: {_describe(error.instance)} {judged}."
    return Finding(
        "error", "wrong_form", message, pointer, _FORMS.get(field.kind if field else "", _hint_of(field))
    )


def _hint_of(field: Field | None) -> str:
    if field is None:
        return "See the schema for what may stand here."
    example = f" For example: {field.examples[0]!r}." if field.examples else ""
    units = f" Accepted units: {', '.join(field.units)}." if field.units else ""
    return f"{field.description}{example}{units}"


def _describe(instance: Any) -> str:
    if isinstance(instance, str):
        return f'"{instance[:_LONGEST_SHOWN]}"'
    if instance is None:
        return "nothing (null)"
    if isinstance(instance, Mapping):
        return "a mapping"
    if isinstance(instance, list):
        return f"a list of {len(instance)}"
    return str(instance).lower() if isinstance(instance, bool) else str(instance)[:_LONGEST_SHOWN]


_KINDS = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
_FORMS = {
    "timestamp": "Write 2025-03-01T14:20:00+01:00; without offset it is kept as zone unknown.",
    "date": "Write 2027-01-31.",
    "extensions": 'Keys are in reverse-DNS form: "org.example.lab:name".',
    "matrix2x2": "Write two rows of two numbers: [[1, 0], [0, 1]]; flips are part of it.",
    "elements": "Write symbols: [Sr, Ti, O].",
    "shape": "Write (rows, columns) as whole numbers of at least 1: [256, 256].",
    "license": "Write an SPDX identifier: CC-BY-4.0.",
}
