"""Changes of a document field by field: JSON Merge Patch (RFC 7396), and what two states of a document differ in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.places import escape_pointer


class _Absent:
    """Stands for what is not in a document: null is a value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What stood at a place and what stands there now; `ABSENT` where there was, or is, nothing."""

    pointer: str
    old: Any
    new: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON has it: what was absent is left out."""
        told = {"pointer": self.pointer, "old": self.old, "new": self.new}
        return {key: value for key, value in told.items() if value is not ABSENT}


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with the patch merged into it; neither is changed.

    Objects merge by key, null removes a key, and whatever else the patch holds takes the place of what was there.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = apply_merge_patch(merged.get(key), value)
    return merged


def flatten(document: Any) -> dict[str, Any]:
    """Return what a document holds by JSON pointer: texts, numbers, lists and empty objects, but no other objects."""
    return dict(_walk(document, ""))


def _walk(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _walk(value, f"{pointer}/{escape_pointer(str(key))}")
    else:
        yield pointer, node


def list_changes(old: Any, new: Any) -> list[FieldChange]:
    """Return in which places two states of a document differ, in the order of the pointers."""
    before, now = flatten(old), flatten(new)
    return [
        FieldChange(pointer, before.get(pointer, ABSENT), now.get(pointer, ABSENT))
        for pointer in sorted(before.keys() | now.keys())
        if not _is_same(before.get(pointer, ABSENT), now.get(pointer, ABSENT))
    ]


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in JSON, where true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return bool(one == other)
