"""The fields as a tree: the nesting that a document has."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.places import escape_pointer
from repository.schema.questions.fields import DocumentName, Field, load_catalogue


@dataclass(frozen=True, slots=True)
class Node:
    """One key of a document.

    Groups have children; lists of objects have children and a field; leaves have a field only.
    """

    key: str
    field: Field | None = None
    children: dict[str, "Node"] = dataclasses.field(default_factory=dict)


@functools.cache
def build_tree(document: DocumentName) -> Node:
    """Return the root of the tree of one kind of document."""
    root = Node("")
    for path, entry in load_catalogue().fields(document).items():
        node = root
        parts = path.replace("[]", "").split(".")
        for part in parts[:-1]:
            node = node.children.setdefault(part, Node(part))
        known = node.children.get(parts[-1])
        node.children[parts[-1]] = Node(parts[-1], entry, known.children if known else {})
    return root


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a document holds at one field."""

    pointer: str
    field: Field
    entry: Any


def find_leaves(document: Mapping[str, Any], *, kind: DocumentName = "measurement") -> Iterator[Leaf]:
    """Yield everything a document holds at known fields, in its order; unknown keys are passed over."""
    yield from _walk(document, build_tree(kind), "")


def _walk(entry: Any, node: Node, pointer: str) -> Iterator[Leaf]:
    if not isinstance(entry, Mapping):
        return
    for key, child in entry.items():
        below = node.children.get(key)
        if below is None:
            continue
        place = f"{pointer}/{escape_pointer(key)}"
        if not below.children:
            if below.field is not None:
                yield Leaf(place, below.field, child)
        elif isinstance(child, list):
            for index, item in enumerate(child):
                yield from _walk(item, below, f"{place}/{index}")
        else:
            yield from _walk(child, below, place)
