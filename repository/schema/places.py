"""Places in a document: dotted paths of the catalogue, JSON pointers of findings, and what stands there."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

VALUE_KEYS = frozenset({"value", "values", "range", "array"})


def is_gap(entry: Any) -> bool:
    """Say whether the entry declares that a value is missing."""
    return isinstance(entry, Mapping) and "missing" in entry


def is_value(entry: Any) -> bool:
    """Say whether the entry answers a question: something stands there, and it is not a declared gap."""
    return entry is not None and entry not in ("", [], {}) and not is_gap(entry)


def get_plain(entry: Any) -> Any:
    """Return what an entry says without its provenance: {"value": "Titan", "source": "header"} gives "Titan".

    Quantities (anything with a unit) and declared gaps are returned as they are.
    """
    if isinstance(entry, Mapping) and "value" in entry and "unit" not in entry and "zone" not in entry:
        return entry["value"]
    return entry


def find_entries(document: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Yield (JSON pointer, entry) for a dotted path; `[]` walks every entry of a list."""
    yield from _walk(document, _split(path), "")


@functools.lru_cache(maxsize=4096)
def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _walk(node: Any, parts: tuple[str, ...], pointer: str) -> Iterator[tuple[str, Any]]:
    for depth, head in enumerate(parts, start=1):
        key = head.removesuffix("[]")
        if not isinstance(node, Mapping) or key not in node:
            return
        node, pointer = node[key], f"{pointer}/{escape_pointer(key)}"
        if head.endswith("[]"):
            for index, item in enumerate(node if isinstance(node, list) else ()):
                yield from _walk(item, parts[depth:], f"{pointer}/{index}")
            return
    yield pointer, node


def get_entry(document: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a dotted path without `[]`, or None."""
    node: Any = document
    for key in _split(path):
        # What is looked at is a plain dictionary nearly always, and every cell asks for hundreds.
        if not isinstance(node, dict) and not isinstance(node, Mapping):
            return None
        node = node.get(key)
    return node


def get_value(document: Mapping[str, Any], path: str) -> Any:
    """Return the plain value at a dotted path; None when it is absent or a declared gap."""
    entry = get_plain(get_entry(document, path))
    return entry if is_value(entry) else None


def escape_pointer(key: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def build_pointer(path: str) -> str:
    """Return the JSON pointer of a dotted path; list parts point at the list."""
    head = path.split("[]", maxsplit=1)[0].split(":", maxsplit=1)[0].removesuffix("{}")
    return "".join(f"/{escape_pointer(part)}" for part in head.split("."))
