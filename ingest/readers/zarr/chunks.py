"""The values of an array of a store, a chunk at a time: each is found, unpacked and compared with its size."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from threading import Lock
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import ReadRefusedError, Region
from ingest.readers.folded_axis import fold_block, read_folded
from ingest.readers.refusals import UPLOAD_AGAIN, refuse
from ingest.readers.zarr.codecs import CODEC_ERRORS, ChunkDamagedError
from ingest.readers.zarr.layout import ArrayLayout
from ingest.readers.zarr.store import ZarrStore
from ingest.readers.zip_members import ZipMember

_KEPT_BYTES = 64 * 2**20
_KEPT_TABLES = 64
_WIDEST_PACKED = 8  # a filter may widen numbers by so much before they are packed
_SLACK = 4096
_ABSENT = 2**64 - 1
_PLACE_BYTES = 16
_MOST_TABLE_BYTES = 16 * 2**20


@dataclass(slots=True)
class ChunkReader:
    """Chunks of one array; the last few are kept unpacked, 64 MiB or one chunk of them."""

    store: ZarrStore
    path: str
    layout: ArrayLayout
    _kept: OrderedDict[tuple[int, ...], npt.NDArray[Any] | None] = field(
        default_factory=OrderedDict, repr=False
    )
    _tables: OrderedDict[tuple[int, ...], npt.NDArray[np.uint64] | None] = field(
        default_factory=OrderedDict, repr=False
    )
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def where(self) -> str:
        """The array with its file, for sentences."""
        return f"{self.path or 'the array'} in {self.store.name}"

    def read_chunk(self, index: tuple[int, ...]) -> npt.NDArray[Any] | None:
        """Return a chunk in the order of the axes, any byte order; None where the store leaves it out.

        Raises
        ------
        ReadRefusedError
            `zarr_chunk_damaged`, or that of a damaged member.
        """
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
            most = max(1, _KEPT_BYTES // self.layout.chunk_bytes)
            while len(self._kept) >= most:  # before the next is unpacked: a large one is not held twice
                self._kept.popitem(last=False)
            values = self._kept[index] = self._unpack_at(index)
        return values

    def _unpack_at(self, index: tuple[int, ...]) -> npt.NDArray[Any] | None:
        if self.layout.shard is None:
            member = self._open(index)
            return None if member is None else self._unpack(member, 0, member.size)
        per_shard = self._chunks_per_shard
        shard = tuple(at // count for at, count in zip(index, per_shard, strict=True))
        member = self._open(shard)
        table = None if member is None else self._read_table(shard, member)
        if member is None or table is None:
            return None
        inner = tuple(at % count for at, count in zip(index, per_shard, strict=True))
        offset, length = map(int, table[inner])
        return None if offset == _ABSENT else self._unpack(member, offset, length)

    @property
    def _chunks_per_shard(self) -> tuple[int, ...]:
        return tuple(
            whole // part for whole, part in zip(self.layout.stored_shape, self.layout.chunk, strict=True)
        )

    def _open(self, index: tuple[int, ...]) -> ZipMember | None:
        key = self.layout.name_key(index)
        return self.store.open_key(f"{self.path}/{key}" if self.path else key)

    def _unpack(self, member: ZipMember, offset: int, length: int) -> npt.NDArray[Any]:
        layout = self.layout
        wanted = layout.chunk_bytes
        limit = wanted * _WIDEST_PACKED + _SLACK
        if length > limit or offset + length > member.size:
            raise self._damaged(member, f"it would be {length} bytes from {offset} on, of {member.size}")
        raw: bytes | bytearray = member.read(offset, length).tobytes()
        try:
            for number, unpack in enumerate(layout.unpack):
                is_last = number == len(layout.unpack) - 1
                raw = unpack(raw, wanted if is_last else limit)
        except (ChunkDamagedError, *CODEC_ERRORS) as error:
            raise self._damaged(member, str(error)[:100]) from error
        if len(raw) != wanted:
            raise self._damaged(member, f"it unpacks to {len(raw)} bytes in place of {wanted}")
        values: npt.NDArray[Any] = np.frombuffer(raw, layout.stored)
        turned = values.reshape([layout.chunk[axis] for axis in layout.order])
        return turned.transpose(np.argsort(layout.order))

    def _read_table(self, shard: tuple[int, ...], member: ZipMember) -> npt.NDArray[np.uint64] | None:
        """Return where the chunks of a shard lie: (*chunks per shard, 2) of offset and length."""
        if shard in self._tables:
            return self._tables[shard]
        layout = self.layout.shard
        if layout is None:
            return None
        counts = self._chunks_per_shard
        size = math.prod(counts) * _PLACE_BYTES + 4 * layout.has_checksum
        if size > min(member.size, _MOST_TABLE_BYTES):
            raise self._damaged(member, f"its table of chunks would have {size} bytes of {member.size}")
        if not self.layout.guards_itself:
            member.check_whole()
        raw = member.read(member.size - size if layout.index_at_end else 0, size).tobytes()
        if layout.has_checksum and google_crc32c.value(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
            raise self._damaged(member, "the checksum of its table of chunks is another than it says")
        table = np.frombuffer(raw, "<u8", math.prod(counts) * 2).reshape(*counts, 2)
        self._tables[shard] = table
        if len(self._tables) > _KEPT_TABLES:
            self._tables.popitem(last=False)
        return table

    def _damaged(self, member: ZipMember, why: str) -> ReadRefusedError:
        return refuse(
            "zarr_chunk_damaged",
            f"The chunk {member.name} in {self.store.name} is damaged: {why}.",
            UPLOAD_AGAIN,
        )

    def count_stored(self) -> tuple[int, int, int]:
        """Return (keys that are stored, keys in all, bytes that are stored); keys are chunks, or shards."""
        found, stored = 0, 0
        for key in self.store.list_below(self.path):
            if self.layout.find_index(key) is not None:
                found += 1
                stored += self.store.entries[f"{self.path}/{key}" if self.path else key].file_size
        return found, math.prod(self.layout.grid), stored

    def count_left_out_of_shards(self) -> int | None:
        """Return how many chunks the stored shards leave out within the array; None where too many had to be asked."""
        if self.layout.shard is None:
            return 0
        per_shard = self._chunks_per_shard
        chunks = tuple(
            -(-size // step) for size, step in zip(self.layout.shape, self.layout.chunk, strict=True)
        )
        shards = [
            index
            for key in self.store.list_below(self.path)
            if (index := self.layout.find_index(key)) is not None
        ]
        if len(shards) * math.prod(per_shard) * _PLACE_BYTES > _MOST_TABLE_BYTES:
            return None
        missing = 0
        for shard in shards:
            member = self._open(shard)
            table = None if member is None else self._read_table(shard, member)
            if table is None:
                continue
            within = tuple(
                slice(0, min(count, whole - at * count))
                for at, count, whole in zip(shard, per_shard, chunks, strict=True)
            )
            missing += int((table[within][..., 0] == np.uint64(_ABSENT)).sum())
        return missing


@dataclass(frozen=True, slots=True)
class ZarrNumbers:
    """An array of a store as numbers that are read by boxes; `folded` are the sizes its first axis is given in.

    Axes in `squeezed` have one position and are not given.
    """

    reader: ChunkReader
    folded: tuple[int, int] | None = None
    squeezed: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes as they are given."""
        shape = self._keep(self.reader.layout.shape)
        return shape if self.folded is None else (*self.folded, *shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type; truth values are 0 and 1."""
        stored = self.reader.layout.stored
        return np.dtype(np.uint8) if stored.kind == "b" else stored.newbyteorder("=")

    @property
    def stored_block(self) -> tuple[int, ...]:
        """One chunk, as far as it lies in the array."""
        layout = self.reader.layout
        block = self._keep(tuple(min(pair) for pair in zip(layout.chunk, layout.shape, strict=True)))
        return fold_block(block, self.folded)

    def fold_first(self, rows: int, columns: int) -> "ZarrNumbers":
        """Return the same numbers with the first axis as rows of columns."""
        return replace(self, folded=(rows, columns))

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into an array of its shape, a chunk after the other."""
        read_folded(box, self.folded, self._take, out)

    def _keep(self, along: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(value for axis, value in enumerate(along) if axis not in self.squeezed)

    def _take(self, given: Region, out: npt.NDArray[Any]) -> None:
        layout = self.reader.layout
        left = iter(given)
        box = [slice(0, 1) if axis in self.squeezed else next(left) for axis in range(len(layout.shape))]
        target = np.expand_dims(out, self.squeezed) if self.squeezed else out
        ranges = [
            range(part.start // step, -(-part.stop // step))
            for part, step in zip(box, layout.chunk, strict=True)
        ]
        for index in product(*ranges):
            inside, outside = _overlap(index, layout.chunk, box)
            values = self.reader.read_chunk(index)
            target[outside] = layout.fill if values is None else values[inside]


def _overlap(index: Sequence[int], chunk: Sequence[int], box: Sequence[slice]) -> tuple[Region, Region]:
    """Return where a chunk and a box meet: within the chunk, and within the box."""
    inside, outside = [], []
    for at, step, part in zip(index, chunk, box, strict=True):
        first, last = max(at * step, part.start), min((at + 1) * step, part.stop)
        inside.append(slice(first - at * step, last - at * step))
        outside.append(slice(first - part.start, last - part.start))
    return tuple(inside), tuple(outside)
