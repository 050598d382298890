"""What is different between two versions of the schema, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from repository.schema.versions.files import read_all
from repository.schema.versions.in_force import list_versions

_FILES = {"record.json": "measurement", "dataset.json": "dataset", "supplied.json": "supplied"}
_BRANCHES = ("if", "then", "else")


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that came, went, or says something else; `keywords` are those of JSON Schema that differ."""

    document: str
    path: str
    difference: Literal["added", "removed", "changed"]
    keywords: tuple[str, ...] = ()


@cache
def compare_versions(older: str, newer: str) -> tuple[FieldDifference, ...]:
    """Return what the newer version has, lacks or says otherwise."""
    former, present = read_all(older), read_all(newer)
    fields = (
        difference
        for name, document in _FILES.items()
        for difference in _compare(document, former[name], present[name])
    )
    return (*fields, *_compare_demands(former, present))


def compare_with_former(version: str) -> tuple[FieldDifference, ...]:
    """Return what a version changed in the one before it; nothing for the first."""
    known = list_versions()
    place = known.index(version)
    return compare_versions(known[place - 1], version) if place else ()


def _compare(
    document: str, former: Mapping[str, Any], present: Mapping[str, Any]
) -> Iterator[FieldDifference]:
    old, new = dict(_list_fields(former)), dict(_list_fields(present))
    for path in [*old, *(path for path in new if path not in old)]:
        if path not in new:
            yield FieldDifference(document, path, "removed")
        elif path not in old:
            yield FieldDifference(document, path, "added")
        elif keywords := _list_different(old[path], new[path]):
            yield FieldDifference(document, path, "changed", keywords)


def _compare_demands(
    former: Mapping[str, Mapping[str, Any]], present: Mapping[str, Mapping[str, Any]]
) -> Iterator[FieldDifference]:
    """Yield the techniques of which other answers are demanded."""
    for name in sorted({*former, *present}):
        if not name.startswith("technique/"):
            continue
        technique = name.removeprefix("technique/").removesuffix(".json")
        keywords = _list_different(former.get(name, {}), present.get(name, {}))
        if keywords:
            yield FieldDifference("demands", technique, "changed", keywords)


def _list_different(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    keys = {*old, *new} - {"$id"}
    return tuple(sorted(key for key in keys if old.get(key) != new.get(key)))


def _list_fields(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every property with its own keywords, and the forms of value that they share."""
    for name, part in _find_parts(schema).items():
        path = f"{prefix}{name}"
        own = {key: value for key, value in part.items() if key not in _BRANCHES}
        yield path, own if _find_parts(part) else part
        yield from _list_fields(part, f"{path}.")
    for name, form in schema.get("$defs", {}).items():
        yield f"$defs/{name}", form


def _find_parts(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a document, a group or the entries of a list hold; nothing for a single value."""
    group = schema.get("else", schema)
    group = group.get("items", group)
    parts: Mapping[str, Any] = group.get("properties", {})
    return parts
