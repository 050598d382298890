"""A merge patch of which only the right answers are taken: what was saved, what was not, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.checks.supplied import validate_supplied
from repository.schema.documents.merge_patch import apply_merge_patch
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer
from repository.schema.questions.field_tree import Node, build_tree

_OF_ALL = frozenset({"dataset", "defaults"})
"""The parts whose keys are fields; the keys of the others are names, with fields below."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartialMerge:
    """The document with the answers that were taken.

    Attributes
    ----------
    saved
        JSON pointers of the answers in the patch that were taken, also of those that were removed.
    refused
        What is wrong with each of the others.
    """

    document: dict[str, Any]
    saved: tuple[str, ...]
    refused: tuple[Finding, ...]


def merge_right_answers(document: Mapping[str, Any], patch: Mapping[str, Any]) -> PartialMerge:
    """Merge a patch (RFC 7396) but for the answers in it that are wrong.

    One answer is one field: of a quantity or a list with a fault nothing is taken. Faults that stood in the document
    already hold nothing back. Where a fault lies outside of what the patch names, no answer can be told from the
    others, and none is taken.
    """
    refused: list[Finding] = []
    kept: Mapping[str, Any] = patch
    while True:
        merged = apply_merge_patch(document, kept)
        errors = _list_new_errors(document, merged)
        if not errors:
            saved = tuple(_build_pointer(path) for path in _list_answers(kept))
            return PartialMerge(merged, saved, tuple(refused))
        refused += errors
        left = kept
        for error in errors:
            left = _leave_out(left, _find_answer(_read_pointer(error.pointer)))
        if left == kept:
            return PartialMerge(dict(document), (), tuple(refused))
        kept = left


def _list_new_errors(former: Mapping[str, Any], merged: Mapping[str, Any]) -> list[Finding]:
    errors = _list_errors(merged)
    standing = {(finding.code, finding.pointer) for finding in _list_errors(former)} if errors else set()
    return [error for error in errors if (error.code, error.pointer) not in standing]


def _list_errors(document: Mapping[str, Any]) -> list[Finding]:
    return [finding for finding in validate_supplied(document) if finding.severity == "error"]


def _read_pointer(pointer: str) -> Path:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _build_pointer(path: Sequence[str]) -> str:
    return "".join(f"/{escape_pointer(part)}" for part in path)


def _frame_of(path: Path) -> int:
    """Return how many keys lead to the fields."""
    return 1 if path[:1] and path[0] in _OF_ALL else 2


def _root_of(path: Path) -> Node:
    return build_tree("dataset" if path[:1] == ("dataset",) else "measurement")


def _find_answer(path: Path) -> Path:
    """Return the place of the whole answer that a fault lies in."""
    length = _frame_of(path)
    node: Node | None = _root_of(path)
    while (
        length < len(path) and node is not None and node.field is None and (node.children or node.key == "")
    ):
        node = node.children.get(path[length])
        length += 1
    return path[:length]


def _list_answers(patch: Mapping[str, Any]) -> Iterator[Path]:
    for key, part in patch.items():
        path = (str(key),)
        if _frame_of(path) == 1 or not isinstance(part, Mapping):
            yield from _walk(part, path, _root_of(path))
        else:
            for name, layer in part.items():
                yield from _walk(layer, (*path, str(name)), _root_of(path))


def _walk(part: Any, path: Path, node: Node | None) -> Iterator[Path]:
    is_group = node is not None and node.field is None and (node.children or node.key == "")
    if not is_group or not isinstance(part, Mapping) or node is None:
        yield path
        return
    for key, child in part.items():
        yield from _walk(child, (*path, str(key)), node.children.get(str(key)))


def _leave_out(patch: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Return the patch without what it says at a place, or at the place above that it gives whole."""
    if not path or path[0] not in patch:
        return patch
    child = patch[path[0]]
    if len(path) > 1 and isinstance(child, Mapping):
        rest = _leave_out(child, path[1:])
        if rest:
            return {**patch, path[0]: rest}
    return {key: entry for key, entry in patch.items() if key != path[0]}
