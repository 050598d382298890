"""The STEM metadata schema: one field catalogue, and everything that is made from it. No Django, no numpy.

The public names are loaded when they are asked for, so that a program which only needs findings (a sandboxed
reader) does not load the JSON Schema validator.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repository.schema.checks.supplied import list_unmatched, select_supplied, validate_supplied
    from repository.schema.checks.validation import validate_dataset, validate_measurement
    from repository.schema.documents.merging import MergedMetadata, merge_metadata
    from repository.schema.documents.metadata_text import MetadataTextError, read_metadata_text
    from repository.schema.documents.normalization import normalize_document
    from repository.schema.documents.templates import render_template, template
    from repository.schema.findings import Finding
    from repository.schema.identifiers import generate_id, parse_id
    from repository.schema.quantities.signals import SignalAxis, SignalShape
    from repository.schema.questions.forms import describe_form
    from repository.schema.questions.requirements import Requirement, list_requirements
    from repository.schema.search.facts import Facts, derive_facts
    from repository.schema.versions.json_schema import build_json_schema

_HOMES = {
    "Facts": "search.facts",
    "Finding": "findings",
    "MergedMetadata": "documents.merging",
    "MetadataTextError": "documents.metadata_text",
    "Requirement": "questions.requirements",
    "SignalAxis": "quantities.signals",
    "SignalShape": "quantities.signals",
    "build_json_schema": "versions.json_schema",
    "derive_facts": "search.facts",
    "describe_form": "questions.forms",
    "generate_id": "identifiers",
    "list_requirements": "questions.requirements",
    "list_unmatched": "checks.supplied",
    "merge_metadata": "documents.merging",
    "normalize_document": "documents.normalization",
    "parse_id": "identifiers",
    "read_metadata_text": "documents.metadata_text",
    "render_template": "documents.templates",
    "select_supplied": "checks.supplied",
    "template": "documents.templates",
    "validate_dataset": "checks.validation",
    "validate_measurement": "checks.validation",
    "validate_supplied": "checks.supplied",
}

__all__ = [
    "Facts",
    "Finding",
    "MergedMetadata",
    "MetadataTextError",
    "Requirement",
    "SignalAxis",
    "SignalShape",
    "build_json_schema",
    "derive_facts",
    "describe_form",
    "generate_id",
    "list_requirements",
    "list_unmatched",
    "merge_metadata",
    "normalize_document",
    "parse_id",
    "read_metadata_text",
    "render_template",
    "select_supplied",
    "template",
    "validate_dataset",
    "validate_measurement",
    "validate_supplied",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
