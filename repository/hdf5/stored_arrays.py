"""The objects of a Zarr v3 array as the chunks of an HDF5 dataset: both keep blosc's bytes, so none is decoded.

A shard goes into the file whole, with the checksums between its chunks and the index at its end; HDF5 is told where in
it each chunk lies. What it is told stands behind the shards, so that each is read once.
"""

import itertools
import json
import math
import struct
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.hdf5.messages import UNDEFINED, Blosc, describe_numpy_type
from repository.hdf5.tree import Part

METADATA_KEY = "zarr.json"
Read = Callable[[Any], Iterator[bytes]]
"""Reads the bytes of a part, block by block."""

_CHECKSUM_BYTES = 4
_ENTRY = 16
_MOST_CHILDREN = 64  # two times 32, what HDF5 takes where the superblock does not say


class UnknownLayoutError(ValueError):
    """The array is not stored in the way that this knows: sharded, little-endian, blosc."""


@dataclass(frozen=True, slots=True)
class ChunkedArray:
    """What the `zarr.json` of an array says of its chunks.

    Attributes
    ----------
    chunk, shard
        Shapes in values; those at the end of an axis are filled up.
    trailing
        Bytes behind the compressed ones of each chunk: its checksum, where it has one.
    """

    shape: tuple[int, ...]
    dtype: str
    chunk: tuple[int, ...]
    shard: tuple[int, ...]
    blosc: Blosc
    trailing: int

    @property
    def per_shard(self) -> tuple[int, ...]:
        """Chunks along each axis of a shard."""
        return tuple(whole // part for whole, part in zip(self.shard, self.chunk, strict=True))

    @property
    def grid(self) -> tuple[int, ...]:
        """Chunks along each axis of the array."""
        return tuple(math.ceil(size / part) for size, part in zip(self.shape, self.chunk, strict=True))

    @property
    def index_bytes(self) -> int:
        """Bytes of the index at the end of each shard."""
        return _ENTRY * math.prod(self.per_shard) + _CHECKSUM_BYTES


def read_layout(parts: Sequence[Part], read: Read) -> ChunkedArray:
    """Return what the array's own document says of its chunks.

    Raises
    ------
    UnknownLayoutError
        It has no such document, or is not stored in our way.
    """
    document = next((part for part in parts if part.key == METADATA_KEY), None)
    if document is None:
        raise UnknownLayoutError("The array has no zarr.json.")
    try:
        return _parse(json.loads(b"".join(read(document))))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnknownLayoutError(f"The zarr.json of the array is not ours: {error!r}.") from error


def _parse(document: Mapping[str, Any]) -> ChunkedArray:
    [sharding] = document["codecs"]
    inner = sharding["configuration"]
    endian, blosc, *more = inner["codecs"]
    names = [sharding["name"], endian["name"], blosc["name"], *(each["name"] for each in more)]
    known = ["sharding_indexed", "bytes", "blosc"]
    if names not in (known, [*known, "crc32c"]) or inner["index_location"] != "end":
        raise UnknownLayoutError(f"codecs {', '.join(names)}")
    if endian.get("configuration", {}).get("endian", "little") != "little":
        raise UnknownLayoutError("big-endian values")
    chunk = tuple(inner["chunk_shape"])
    _, itemsize = describe_numpy_type(document["data_type"])
    how = blosc["configuration"]
    return ChunkedArray(
        shape=tuple(document["shape"]),
        dtype=document["data_type"],
        chunk=chunk,
        shard=tuple(document["chunk_grid"]["configuration"]["chunk_shape"]),
        blosc=Blosc(how["cname"], how["clevel"], how["shuffle"], itemsize, itemsize * math.prod(chunk)),
        trailing=_CHECKSUM_BYTES if more else 0,
    )


class ChunkIndex:
    """Where in the file each chunk lies; filled while the shards go by, then written as a B-tree of version 1."""

    def __init__(self, layout: ChunkedArray) -> None:
        self._layout = layout
        count = math.prod(layout.grid)
        self._addresses = array("Q", bytes(8 * count))
        self._sizes = array("I", bytes(4 * count))

    def take_shard(self, part: Part, read: Read, *, at: int) -> Iterator[bytes]:
        """Yield the bytes of a shard that begins at the address `at`, and note where its chunks lie."""
        first = part.size - self._layout.index_bytes
        position, index = 0, bytearray()
        for block in read(part):
            yield block
            index += block[max(0, first - position) :] if position + len(block) > first else b""
            position += len(block)
        if position != part.size or len(index) != self._layout.index_bytes:
            raise UnknownLayoutError(f"The shard {part.key} has no index.")
        self._note(part.key, at, bytes(index[:-_CHECKSUM_BYTES]))

    def _note(self, key: str, at: int, index: bytes) -> None:
        layout = self._layout
        place = tuple(map(int, key.split("/")[1:]))
        entries = struct.iter_unpack("<QQ", index)
        for inside, (offset, size) in zip(
            itertools.product(*map(range, layout.per_shard)), entries, strict=True
        ):
            coordinates = tuple(p * n + i for p, n, i in zip(place, layout.per_shard, inside, strict=True))
            if offset == UNDEFINED or any(c >= n for c, n in zip(coordinates, layout.grid, strict=True)):
                continue
            number = _ravel(coordinates, layout.grid)
            self._addresses[number] = at + offset
            self._sizes[number] = size - layout.trailing

    def build(self, at: int) -> bytes:
        """Return the B-tree, whose root lies at the address `at`; it has the length that `measure` says."""
        entries = [number for number, address in enumerate(self._addresses) if address]
        leaves = [
            [(self._key(number), self._addresses[number]) for number in group]
            for group in _split(entries, _MOST_CHILDREN)
        ] or [[]]
        levels = [leaves]
        while len(levels[-1]) > 1:
            levels.append([[] for _ in _split(levels[-1], _MOST_CHILDREN)])
        # The root comes first, since the layout points at it.
        starts: list[int] = []
        position = at
        for level in reversed(levels):
            starts.insert(0, position)
            position += len(level) * self.node_bytes
        for height, level in enumerate(levels[1:], 1):
            below = [
                (nodes[0][0], starts[height - 1] + number * self.node_bytes)
                for number, nodes in enumerate(levels[height - 1])
            ]
            level[:] = list(_split(below, _MOST_CHILDREN))
        written = b"".join(
            self._build_level(height, levels[height], starts[height])
            for height in reversed(range(len(levels)))
        )
        return written.ljust(self.measure(), b"\0")

    def measure(self) -> int:
        """Return the bytes of the B-tree where every chunk is there."""
        nodes = count = max(1, math.ceil(len(self._addresses) / _MOST_CHILDREN))
        while count > 1:
            count = math.ceil(count / _MOST_CHILDREN)
            nodes += count
        return nodes * self.node_bytes

    @property
    def node_bytes(self) -> int:
        """Bytes of each node, filled or not."""
        return 24 + (_MOST_CHILDREN + 1) * self._key_bytes + _MOST_CHILDREN * 8

    @property
    def _key_bytes(self) -> int:
        return 8 + 8 * (len(self._layout.shape) + 1)

    def _build_level(self, height: int, level: list[list[tuple[bytes, int]]], start: int) -> bytes:
        written = []
        for number, children in enumerate(level):
            left = start + (number - 1) * self.node_bytes if number else UNDEFINED
            right = start + (number + 1) * self.node_bytes if number + 1 < len(level) else UNDEFINED
            end = level[number + 1][0][0] if number + 1 < len(level) else self._last_key()
            body = b"".join(key + struct.pack("<Q", address) for key, address in children) + end
            head = b"TREE" + struct.pack("<BBHQQ", 1, height, len(children), left, right)
            written.append((head + body).ljust(self.node_bytes, b"\0"))
        return b"".join(written)

    def _key(self, number: int) -> bytes:
        coordinates = _unravel(number, self._layout.grid)
        offsets = (c * part for c, part in zip(coordinates, self._layout.chunk, strict=True))
        return self._pack_key(self._sizes[number], *offsets)

    def _last_key(self) -> bytes:
        """Return a key behind all others."""
        beyond = self._layout.grid[0] * self._layout.chunk[0]
        return self._pack_key(0, beyond, *([0] * (len(self._layout.shape) - 1)))

    def _pack_key(self, size: int, *offsets: int) -> bytes:
        return struct.pack(f"<II{len(offsets) + 1}Q", size, 0, *offsets, 0)


def _split(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _ravel(coordinates: Sequence[int], grid: Sequence[int]) -> int:
    number = 0
    for coordinate, count in zip(coordinates, grid, strict=True):
        number = number * count + coordinate
    return number


def _unravel(number: int, grid: Sequence[int]) -> tuple[int, ...]:
    coordinates = []
    for count in reversed(grid):
        number, coordinate = divmod(number, count)
        coordinates.append(coordinate)
    return tuple(reversed(coordinates))
