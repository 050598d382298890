"""Nothing comes into the object store, or goes out of it, but through the modules that keep its rows."""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.apps import apps

from project.environment import CHECKOUT
from repository.integrations.object_store import ObjectStore, ReadableStore
from repository.models.data_file import SHA256_PATTERN
from repository.services.references import MENTIONS, list_references, mentions_digest

ROOMS = ("project", "repository", "confined", "ingest", "processing", "api", "frontend")
# What may be done to bytes beyond reading them, and the modules that may do it.
KEEPERS = {
    "open_whole_store": {
        "repository/services/storage.py",
        "repository/services/stored_objects.py",
        "repository/services/collection.py",
        "repository/services/store_walks.py",
        "repository/services/leftovers.py",
        "repository/services/store_mark.py",
    },
    "LocalObjectStore": {"repository/integrations/object_store.py", "repository/services/storage.py"},
    "S3ObjectStore": {"repository/integrations/s3_object_store.py", "repository/services/storage.py"},
    # They make the rows that refer to bytes, and hold the bytes in the same transaction.
    "ArrayObject": {"repository/services/products.py"},
    "Product": {"repository/services/products.py"},
}


@cache
def list_calls() -> dict[str, set[str]]:
    """Return by file what it calls."""
    return {
        str(file.relative_to(CHECKOUT)): set(list_called(ast.parse(file.read_text(encoding="utf-8"))))
        for room in ROOMS
        for file in (CHECKOUT / room).rglob("*.py")
        if "migrations" not in file.parts
    }


def list_called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def find_callers(name: str) -> set[str]:
    return {file for file, called in list_calls().items() if name in called}


@pytest.mark.parametrize("name", KEEPERS)
def test_only_those_who_keep_the_rows_write_to_the_store(name: str) -> None:
    callers = find_callers(name)
    assert callers, f"{name} is called by nobody: mend this test"
    assert callers <= KEEPERS[name]


def test_bytes_are_adopted_at_one_door() -> None:
    """`get_object_store` hands out what can only be read, so the type checker refuses the rest."""
    inside = {"repository/integrations/object_store.py", "repository/integrations/s3_object_store.py"}
    assert find_callers("adopt") - inside == {"repository/services/stored_objects.py"}
    writing = {"adopt", "put", "remove", "remove_leftovers", "write_mark"}
    assert all(hasattr(ObjectStore, name) for name in writing)
    assert not any(hasattr(ReadableStore, name) for name in writing)


def list_digest_columns() -> Iterator[str]:
    """Yield columns that hold digests: by their name, or because a constraint demands the form of one."""
    for model in apps.get_app_config("repository").get_models():
        for field in model._meta.concrete_fields:
            if mentions_digest(field):
                yield f"{model.__name__}.{field.name}"
        for constraint in model._meta.constraints:
            for name, value in flatten(getattr(constraint, "condition", None)):
                if value == SHA256_PATTERN:
                    yield f"{model.__name__}.{name.split('__')[0]}"


def flatten(condition: Any) -> Iterator[tuple[str, Any]]:
    """Yield the comparisons in a condition."""
    for child in getattr(condition, "children", ()):
        if isinstance(child, tuple):
            yield child
        else:
            yield from flatten(child)


def test_every_column_with_a_digest_keeps_bytes_or_says_why_not() -> None:
    """A new one counts as a reference by itself; here it is written down that somebody thought about it."""
    assert {reference.name for reference in list_references()} == {
        "ArrayObject.sha256",
        "DataFile.sha256",
        "Product.sha256",
        "Upload.sha256",
        "VersionFile.sha256",
    }
    assert set(list_digest_columns()) == {reference.name for reference in list_references()} | set(MENTIONS)


def test_references_are_found_by_an_index() -> None:
    """Each object is looked up in each of them, again and again."""
    for reference in list_references():
        indexed = {index.fields[0] for index in reference.model._meta.indexes if index.fields}
        assert reference.field in indexed, reference.name
