"""What a preset of an instrument may say, and what a sample record may say: judged before it is kept."""

from collections.abc import Mapping
from typing import Any

from repository.schema.checks.validation import check_supplied_layer
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.presets import (
    CONDITION_FIELDS,
    NEVER_IN_PRESETS,
    list_entries,
    read_condition,
)
from repository.schema.findings import Finding
from repository.schema.places import build_pointer
from repository.schema.questions.fields import load_catalogue

OF_RECORDS = frozenset({"id", "preset"})
"""Keys of `instrument` and `sample` that are worked out where values are copied."""


def read_conditions(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the conditions of a preset by field, as they are kept, and what is wrong with them."""
    normal = normalize_document(given)
    findings = _list_errors(normal, "/conditions")
    entries = list_entries(normal)
    for path, entry in entries.items():
        pointer = f"/conditions{build_pointer(path)}"
        if path not in CONDITION_FIELDS:
            titles = ", ".join(CONDITION_FIELDS)
            message = f'"{path}" is no condition by which a preset is chosen.'
            findings.append(Finding("error", "no_condition", message, pointer, f"Conditions are {titles}."))
        elif read_condition(entry) is None and not findings:
            title = load_catalogue().measurement[path].title
            message = f"{title} of a condition is one number or one word."
            hint = "Of a range, make a preset for each setting."
            findings.append(Finding("error", "condition_not_one_value", message, pointer, hint))
    return entries, findings


def read_values(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the values of a preset as they are kept, and what is wrong with them."""
    normal = normalize_document(given)
    findings = _list_errors(normal, "/values")
    for key in normal:
        if key in NEVER_IN_PRESETS or key == "instrument":
            whose = "is said by the record itself" if key == "instrument" else "is each measurement's own"
            message = f'"{key}" {whose}, and not part of a preset.'
            hint = "A preset holds what the instrument gives under its conditions, such as semi_convergence_angle."
            findings.append(Finding("error", "not_of_an_instrument", message, f"/values/{key}", hint))
    if not normal:
        message = "The preset says nothing."
        findings.append(Finding("error", "preset_empty", message, "/values", "Give at least one value."))
    return normal, findings


def read_sample_values(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the fields of a sample record as they are kept, and what is wrong with them."""
    normal = normalize_document({"sample": given}).get("sample", {})
    findings = _list_errors({"sample": normal}, "")
    findings += [
        Finding("error", "not_of_a_sample", f'"{key}" is written by the record itself.', f"/sample/{key}", "")
        for key in normal
        if key in OF_RECORDS or key == "name"
    ]
    return dict(normal), findings


def _list_errors(document: Mapping[str, Any], prefix: str) -> list[Finding]:
    return [
        Finding("error", one.code, one.message, f"{prefix}{one.pointer}", one.hint, one.layer)
        for one in check_supplied_layer(document)
        if one.severity == "error"
    ]
