"""What is written into a file: groups, small values with attributes, and arrays that are stored as Zarr."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Union


class Unsigned(int):
    """A whole number that is written without a sign, for a reader that asks for that."""


Scalar = str | bool | int | float
Value = Union[Scalar, Sequence[str], Sequence[bool], Sequence[int], Sequence[float], "array[float]"]
"""A scalar, or a line of one kind: text is UTF-8 of any length, whole numbers have 64 bits and a sign unless they are
too large for one, others are float64."""


class Part(Protocol):
    """One stored object of an array: its key in the Zarr v3 store, and its bytes."""

    @property
    def key(self) -> str:
        """Return the key, such as `c/0/0`."""
        ...

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """A small dataset, kept in memory."""

    value: Value
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredArray:
    """A dataset whose values are the objects of a Zarr v3 array: they are copied as they are, and never decoded."""

    parts: Sequence[Part]
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A group; the names in it are those of the file, without `/`."""

    children: Mapping[str, "Node"] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)


Node = Union[Group, Field, StoredArray]  # noqa: UP007 - one type may hold itself


def walk_arrays(node: Node) -> Iterator[StoredArray]:
    """Yield every stored array below a node, in the order in which they lie in the file."""
    if isinstance(node, StoredArray):
        yield node
    elif isinstance(node, Group):
        for child in node.children.values():
            yield from walk_arrays(child)


def list_positions(size: int, *, offset: float, scale: float) -> "array[float]":
    """Return the coordinates of an axis: `offset + scale * index`, float64, in the unit of both."""
    return array("d", (offset + scale * index for index in range(size)))
