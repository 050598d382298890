"""The identifiers that others give out, in a document: check digits of ORCID and ROR, the form of a DOI."""

from collections.abc import Callable, Mapping
from typing import Any

from repository.schema.findings import Finding
from repository.schema.outside_identifiers import (
    IdentifierFault,
    find_funder_fault,
    find_identifier_fault,
    find_reference_fault,
)
from repository.schema.places import get_plain, is_gap
from repository.schema.questions.field_tree import find_leaves
from repository.schema.questions.fields import DocumentName, Kind

_CHECKS: Mapping[Kind, Callable[[str], IdentifierFault | None]] = {
    "orcid": lambda text: find_identifier_fault("orcid", text),
    "ror": lambda text: find_identifier_fault("ror", text),
    "funder_id": find_funder_fault,
}
_CODES: Mapping[str, str] = {
    "orcid": "orcid_invalid",
    "ror": "ror_invalid",
    "funder_id": "funder_id_invalid",
    "reference": "doi_invalid",
}


def check_identifiers(document: Mapping[str, Any], *, kind: DocumentName) -> list[Finding]:
    """Return a finding for every identifier of a normalized document that cannot be one."""
    findings = []
    for leaf in find_leaves(document, kind=kind):
        text = get_plain(leaf.entry)
        if leaf.field.kind not in _CODES or is_gap(leaf.entry) or not isinstance(text, str):
            continue
        check = _CHECKS.get(leaf.field.kind)
        fault = check(text) if check else find_reference_fault(text, _find_type(document, leaf.pointer))
        if fault is not None and not (leaf.field.kind == "orcid" and fault.rule == "form"):
            code = _CODES[leaf.field.kind]
            findings.append(Finding("error", code, fault.says, leaf.pointer, fault.hint, "quantity"))
    return findings


def _find_type(document: Mapping[str, Any], pointer: str) -> str:
    """Return what a related identifier is said to be, which stands beside it."""
    entry: Any = document
    for key in pointer.strip("/").split("/")[:-1]:
        entry = entry[int(key)] if isinstance(entry, list) else entry[key]
    kind = get_plain(entry.get("identifier_type"))
    return kind if isinstance(kind, str) else ""
