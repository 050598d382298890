"""The JSON-LD context: a meaning for every key of a document."""

from typing import Any

from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.versions.namespaces import EM_GLOSSARY, NAMESPACE, get_field_iri


def build_context() -> dict[str, Any]:
    """Return the context of measurement documents; groups have scoped contexts of their own."""
    return {
        "@context": {
            "@version": 1.1,
            "stemma": NAMESPACE,
            "emg": EM_GLOSSARY,
            "value": "http://qudt.org/schema/qudt/numericValue",
            "unit": "http://qudt.org/schema/qudt/ucumCode",
            "source": f"{NAMESPACE}source",
            "basis": f"{NAMESPACE}basis",
            "uncertainty": f"{NAMESPACE}uncertainty",
            "missing": f"{NAMESPACE}missing",
            **_build_terms(build_tree("measurement"), ""),
        }
    }


def _build_terms(node: Node, prefix: str) -> dict[str, Any]:
    terms: dict[str, Any] = {}
    for key, child in sorted(node.children.items()):
        path = f"{prefix}{key}"
        iri = get_field_iri(child.field) if child.field is not None else f"{NAMESPACE}{path}"
        term: dict[str, Any] = {"@id": iri}
        if child.children:
            term["@context"] = _build_terms(child, f"{path}.")
        terms[key] = term
    return terms
