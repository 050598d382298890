"""A tree as the bytes of an HDF5 file, in the order in which they lie in it: what is large first, what names it last.

Everything has its address before the first byte, so memory holds the headers and one block. A file that breaks off
lacks its end and its root: no reader takes it for a whole one.
"""

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repository.hdf5 import messages as m
from repository.hdf5.stored_arrays import METADATA_KEY, ChunkedArray, ChunkIndex, Read, read_layout
from repository.hdf5.tree import Field, Group, Node, Part, StoredArray, Unsigned, Value, walk_arrays

SUPERBLOCK_BYTES = 48
MOST_COMPACT = 4096
_HEAP_ITEMS = 60_000  # below the 65,535 that an index of two bytes names
_SMALLEST_HEAP = 4096


@dataclass(frozen=True, slots=True)
class _Placed:
    """A stored array with its place in the file: shards, then the tree that finds their chunks."""

    node: StoredArray
    layout: ChunkedArray
    index: ChunkIndex
    shards: tuple[Part, ...]
    start: int

    @property
    def tree(self) -> int:
        return self.start + sum(part.size for part in self.shards)

    @property
    def end(self) -> int:
        return self.tree + self.index.measure()


class _Heap:
    """Texts of any length, gathered; each is told by collection and number."""

    def __init__(self) -> None:
        self._collections: list[list[bytes]] = [[]]

    def add(self, text: str) -> tuple[int, int, int]:
        """Return length, number of the collection and number in it; 0 for what is empty."""
        # HDF5 ends a text at its first NUL; half a character is none.
        encoded = text.replace("\0", "").encode("utf-8", "replace")
        if not encoded:
            return 0, 0, 0
        if len(self._collections[-1]) >= _HEAP_ITEMS:
            self._collections.append([])
        self._collections[-1].append(encoded)
        return len(encoded), len(self._collections) - 1, len(self._collections[-1])

    def build(self) -> list[bytes]:
        """Return the collections as they lie in the file."""
        return [_build_collection(items) for items in self._collections]


def _build_collection(items: Sequence[bytes]) -> bytes:
    body = b"".join(
        struct.pack("<HHIQ", number, 1, 0, len(item)) + item + bytes(-len(item) % 8)
        for number, item in enumerate(items, 1)
    )
    size = max(_SMALLEST_HEAP, len(body) + 32)
    free = struct.pack("<HHIQ", 0, 0, 0, size - 16 - len(body))
    return (b"GCOL" + struct.pack("<B3xQ", 1, size) + body + free).ljust(size, b"\0")


class _Headers:
    """The headers of all groups and datasets behind the arrays; addresses are given while they are gathered."""

    def __init__(self, start: int, arrays: Mapping[int, _Placed], heap_sizes: Sequence[int]) -> None:
        self._arrays = arrays
        self._heap = _Heap()
        self._heaps: list[int] = []
        self._written: list[bytes] = []
        self.position = start
        for size in heap_sizes:
            self._heaps.append(self.position)
            self.position += size

    def place(self, node: Node) -> int:
        """Write a node and what is below it; return its address."""
        if isinstance(node, Group):
            links = [(name, self.place(child)) for name, child in node.children.items()]
            parts = [(m.LINK_INFO, m.NO_LINKS_ELSEWHERE), (m.GROUP, m.GROUP_INFO)]
            parts += [(m.LINK, m.build_link(name, address)) for name, address in links]
        elif isinstance(node, Field):
            parts = self._describe_field(node)
        else:
            parts = self._describe_array(self._arrays[id(node)])
        parts += [(m.ATTRIBUTE, self._build_attribute(*each)) for each in node.attributes.items()]
        return self._append(m.build_header(parts))

    def finish(self) -> tuple[list[bytes], list[bytes]]:
        """Return the collections of texts and the headers."""
        return self._heap.build(), self._written

    def _append(self, content: bytes) -> int:
        address = self.position
        self._written.append(content)
        self.position += len(content)
        return address

    def _describe_field(self, node: Field) -> list[tuple[int, bytes]]:
        datatype, space, content = self._encode(node.value)
        layout = (
            m.describe_compact(content)
            if len(content) <= MOST_COMPACT
            else m.describe_contiguous(self._append(content), len(content))
        )
        return [(m.SPACE, space), (m.TYPE, datatype), (m.FILL_VALUE, m.FILL), (m.LAYOUT, layout)]

    def _describe_array(self, placed: _Placed) -> list[tuple[int, bytes]]:
        layout = placed.layout
        datatype, itemsize = m.describe_numpy_type(layout.dtype)
        return [
            (m.SPACE, m.describe_shape(layout.shape)),
            (m.TYPE, datatype),
            (m.FILL_VALUE, m.FILL),
            (m.LAYOUT, m.describe_chunked(placed.tree, layout.chunk, itemsize)),
            (m.FILTERS, layout.blosc.describe()),
        ]

    def _build_attribute(self, name: str, value: Value) -> bytes:
        return m.build_attribute(name, *self._encode(value))

    def _encode(self, value: Value) -> tuple[bytes, bytes, bytes]:
        """Return type, shape and bytes of a value."""
        if isinstance(value, array):
            return m.describe_float(8), m.describe_shape([len(value)]), value.tobytes()
        items: list[str] | list[float] = [value] if isinstance(value, str | int | float) else list(value)  # type: ignore[assignment]
        space = m.describe_shape(None if isinstance(value, str | int | float) else [len(items)])
        if all(isinstance(item, str) for item in items):
            return m.TEXT, space, b"".join(self._refer(str(item)) for item in items)
        if all(isinstance(item, bool) for item in items):
            return m.describe_boolean(), space, bytes(map(int, items))
        if all(isinstance(item, int) for item in items):
            large = any(isinstance(item, Unsigned) or item >= 1 << 63 for item in items)  # type: ignore[operator]
            code = "Q" if large else "q"
            content = struct.pack(f"<{len(items)}{code}", *items)
            return m.describe_integer(8, signed=code == "q"), space, content
        return m.describe_float(8), space, struct.pack(f"<{len(items)}d", *map(float, items))

    def _refer(self, text: str) -> bytes:
        length, collection, number = self._heap.add(text)
        if not length:
            return struct.pack("<IQI", 0, 0, 0)
        address = self._heaps[collection] if collection < len(self._heaps) else 0
        return struct.pack("<IQI", length, address, number)


def stream_file(root: Group, read: Read) -> Iterator[bytes]:
    """Yield the bytes of a file.

    Parameters
    ----------
    read
        Reads the bytes of a part of a stored array, block by block; what it raises ends the stream.

    Raises
    ------
    UnknownLayoutError
        An array is stored in another way than ours; before the first byte.
    """
    placed: dict[int, _Placed] = {}
    position = SUPERBLOCK_BYTES
    for node in walk_arrays(root):
        layout = read_layout(node.parts, read)
        shards = tuple(part for part in node.parts if part.key != METADATA_KEY)
        one = _Placed(node, layout, ChunkIndex(layout), shards, position)
        placed[id(node)] = one
        position = one.end
    # Once to know how long the texts are, once to know where all else lies.
    measured = _Headers(position, placed, ())
    measured.place(root)
    heaps, _ = measured.finish()
    headers = _Headers(position, placed, [len(heap) for heap in heaps])
    address = headers.place(root)
    yield m.build_superblock(root=address, end=headers.position)
    for one in placed.values():
        yield from _stream_array(one, read)
    heaps, written = headers.finish()
    yield from heaps
    yield from written


def _stream_array(placed: _Placed, read: Read) -> Iterator[bytes]:
    position = placed.start
    for part in placed.shards:
        yield from placed.index.take_shard(part, read, at=position)
        position += part.size
    yield placed.index.build(placed.tree)
