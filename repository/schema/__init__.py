"""The STEM metadata schema: one field catalogue, and everything that is made from it. No Django, no numpy.

The public names are loaded when they are asked for, so that a program which only needs findings (a sandboxed
reader) does not load the JSON Schema validator.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repository.schema.facts import Facts, derive_facts
    from repository.schema.findings import Finding
    from repository.schema.forms import describe_form
    from repository.schema.identifiers import generate_id, parse_id
    from repository.schema.json_schema import build_json_schema
    from repository.schema.merging import MergedMetadata, merge_metadata
    from repository.schema.metadata_text import MetadataTextError, read_metadata_text
    from repository.schema.normalization import normalize_document
    from repository.schema.requirements import Requirement, list_requirements
    from repository.schema.signals import SignalAxis, SignalShape
    from repository.schema.supplied import list_unmatched, select_supplied, validate_supplied
    from repository.schema.templates import render_template, template
    from repository.schema.validation import validate_dataset, validate_measurement

_HOMES = {
    "Facts": "facts",
    "Finding": "findings",
    "MergedMetadata": "merging",
    "MetadataTextError": "metadata_text",
    "Requirement": "requirements",
    "SignalAxis": "signals",
    "SignalShape": "signals",
    "build_json_schema": "json_schema",
    "derive_facts": "facts",
    "describe_form": "forms",
    "generate_id": "identifiers",
    "list_requirements": "requirements",
    "list_unmatched": "supplied",
    "merge_metadata": "merging",
    "normalize_document": "normalization",
    "parse_id": "identifiers",
    "read_metadata_text": "metadata_text",
    "render_template": "templates",
    "select_supplied": "supplied",
    "template": "templates",
    "validate_dataset": "validation",
    "validate_measurement": "validation",
    "validate_supplied": "supplied",
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
