"""The schema's files as they are handed out: frozen ones from their folder, those in force from the catalogue."""

import json
import re
from functools import cache
from typing import Any

from repository.schema.versions.in_force import RELEASES, VERSION_IN_FORCE, is_released, list_versions
from repository.schema.versions.json_schema import build_schemas
from repository.schema.versions.linked_data import build_context

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
