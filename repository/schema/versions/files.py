"""The schema's files as they are handed out: frozen ones from their folder, those in force from the catalogue.

Among them the JSON-LD context: a meaning for every key of a document.
"""

import json
import re
from functools import cache
from typing import Any

from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.versions.in_force import RELEASES, VERSION_IN_FORCE, is_released, list_versions
from repository.schema.versions.json_schema import build_schemas
from repository.schema.versions.namespaces import EM_GLOSSARY, NAMESPACE, get_field_iri

OPEN = {
    "x-status": "open",
    "$comment": "This version is not released: it may still grow. Nothing in it is taken back.",
}
_NAME = re.compile(r"(?:[a-z0-9_]+/)?[a-z0-9_]+\.(?:json|jsonld)")


def build_files() -> dict[str, dict[str, Any]]:
    """Return every file of the version in force by its relative path, as a release would freeze it."""
    files = {f"{name}.json": schema for name, schema in build_schemas().items()}
    files["context.jsonld"] = build_context()
    return files


@cache
def read_schema_file(version: str, name: str) -> dict[str, Any] | None:
    """Return a file of a version; `None` where the version or the name does not exist.

    A file of a version that is still open says so; one that is released never changes.
    """
    if version not in list_versions() or not _NAME.fullmatch(name):
        return None
    if not is_released(version):
        found = build_files().get(name)
        return None if found is None else {**found, **OPEN}
    path = RELEASES / version / name
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@cache
def read_all(version: str) -> dict[str, dict[str, Any]]:
    """Return every file of a version by its relative path."""
    if not is_released(version):
        return build_files() if version == VERSION_IN_FORCE else {}
    folder = RELEASES / version
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.json*"))
    }


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
            "calibration": f"{NAMESPACE}calibration",
            "calibrated_from": f"{NAMESPACE}calibrated_from",
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
