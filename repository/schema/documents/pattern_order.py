"""The order of a document's patterns, of which the later stands over the earlier.

A database that stores JSON by its meaning (`jsonb`) gives the keys of an object back by their length. So the order is
stored beside them where it is another one.
"""

from collections.abc import Mapping
from typing import Any

from repository.schema.documents.levels import SINGLE

_ORDER = "order_of_measurements"


def note_order(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as it is stored: with the order of its patterns, where the database has another."""
    stored = {key: part for key, part in document.items() if key != _ORDER}
    given = _list_patterns(document)
    if given != sorted(given, key=lambda pattern: (len(pattern.encode()), pattern.encode())):
        stored[_ORDER] = given
    return stored


def restore_order(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as it was given."""
    document = {key: part for key, part in stored.items() if key != _ORDER}
    if _ORDER in stored:
        document[SINGLE] = _order(document.get(SINGLE), stored[_ORDER])
    return document


def follow_order(merged: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a merged document in the order of a patch that names all its patterns: it says the order, too.

    Other patches leave every pattern in its place, and what they add comes last.
    """
    said = _list_patterns(patch)
    document = dict(merged)
    if said and set(_list_patterns(merged)) <= set(said):
        document[SINGLE] = _order(document.get(SINGLE), said)
    return document


def _list_patterns(document: Mapping[str, Any]) -> list[str]:
    part = document.get(SINGLE)
    return [str(pattern) for pattern in part] if isinstance(part, Mapping) else []


def _order(part: Any, wanted: list[str]) -> Any:
    if not isinstance(part, Mapping):
        return part
    first = {pattern: part[pattern] for pattern in wanted if pattern in part}
    return {**first, **{pattern: layer for pattern, layer in part.items() if pattern not in first}}
