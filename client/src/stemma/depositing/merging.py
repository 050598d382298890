"""Which changes to send, so that what others wrote meanwhile stays: JSON Merge Patch (RFC 7396)."""

import json
from collections.abc import Iterator
from typing import Any

from stemma.errors import JsonObject

# Keys of one statement about one thing: what says "not recorded" cannot hold a value besides.
_STATEMENT = frozenset({"value", "values", "range", "array", "missing"})
_NO_CHANGE = object()
LONGEST_SHOWN = 60


def compose_patch(current: JsonObject, wanted: JsonObject, former: JsonObject | None = None) -> JsonObject:
    """Return the merge patch that brings what is wanted into what the server has.

    What is not wanted any more but was sent the last time, and is still as it was sent, is removed; everything else
    that the server has beside it is somebody else's and stays.
    """
    sent = former or {}
    patch: JsonObject = {}
    for key, value in wanted.items():
        change = _compose_change(current, key, value, sent.get(key))
        if change is not _NO_CHANGE:
            patch[key] = change
    for key in sent.keys() & (current.keys() - wanted.keys()):
        removal = _remove_sent(current[key], sent[key])
        if removal != {}:
            patch[key] = removal
    return patch


def _compose_change(current: JsonObject, key: str, value: Any, sent: Any) -> Any:
    known = current.get(key)
    if isinstance(value, dict) and isinstance(known, dict):
        inner = compose_patch(known, value, sent if isinstance(sent, dict) else None)
        if _STATEMENT & (value.keys() | known.keys()):
            inner |= dict.fromkeys(known.keys() - value.keys())
        return inner or _NO_CHANGE
    if key not in current:
        return _NO_CHANGE if value is None else value
    return _NO_CHANGE if is_same(known, value) else value


def _remove_sent(known: Any, sent: Any) -> Any:
    """Return the patch that removes what was sent and still stands there: null for all of it, empty for nothing."""
    if is_same(known, sent):
        return None
    if not isinstance(known, dict) or not isinstance(sent, dict):
        return {}
    removals = {key: _remove_sent(known[key], value) for key, value in sent.items() if key in known}
    return {key: value for key, value in removals.items() if value != {}}


def list_replaced(current: JsonObject, patch: JsonObject, place: str = "") -> Iterator[str]:
    """Yield in words what the patch replaces or removes."""
    for key, value in patch.items():
        known = current.get(key)
        if (
            isinstance(value, dict)
            and isinstance(known, dict)
            and not _STATEMENT & (value.keys() | known.keys())
        ):
            yield from list_replaced(known, value, f"{place}/{key}")
        elif key in current and not is_same(known, value):
            yield f"{place}/{key}: {_show(known)} became {'nothing' if value is None else _show(value)}"


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in JSON, where true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) or (
        isinstance(one, int | float)
        and isinstance(other, int | float)
        and not isinstance(one, bool)
        and not isinstance(other, bool)
        and one == other
    )


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
