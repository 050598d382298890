"""Writes a Zarr v3 array shard by shard from blocks of whole patterns, each byte once.

Inner chunks are compressed as they arrive and appended to their shard's file, so that memory holds one
block and never a raw shard, however wide the scan; the shard's digest is taken from the same bytes. A bare
tensorstore loop needs whole raw shards in memory and 1.6 times the CPU. What is written is checked by
reading it with tensorstore (`processing.engine.verify_zarr`), so two implementations must agree.
"""

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import google_crc32c
import numpy as np
import numpy.typing as npt
from numcodecs import blosc

from processing.engine.plan_arrays import ArrayPlan
from processing.engine.shard_index import (
    MISSING_CHUNK,
    ShardChecks,
    count_chunks,
    encode_index,
    seal_chunk,
)
from processing.engine.value_summary import SummaryOfParts, ValueSummary, summarize_values
from processing.engine.zarr_metadata import ARCHIVE, Compression, build_array_metadata, encode_array_metadata

METADATA_KEY = "zarr.json"
BATCHES_IN_FLIGHT = 4
BATCH_BYTES = 4 * 1024 * 1024
Region = tuple[slice, ...]


class MisalignedBlockError(ValueError):
    """A block does not start and end on inner chunks, or its shape is not that of its region."""


class IncompleteArrayError(RuntimeError):
    """The array was closed before every chunk was written."""


@dataclass(frozen=True, slots=True)
class WrittenObject:
    """One finished file of an array: its Zarr key, size in bytes and sha256 in hex."""

    path: str
    size: int
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class _EncodedChunk:
    """A compressed chunk, sealed with its checksum, with what its values were."""

    encoded: bytes
    checksum: int
    summary: ValueSummary


class _OpenShard:
    """A shard file that grows by compressed chunks; the index comes last."""

    def __init__(self, folder: Path, at: tuple[int, ...], per_shard: tuple[int, ...], expected: int) -> None:
        self.key = "c/" + "/".join(str(position) for position in at)
        self.missing = expected
        self.checks = ShardChecks(self.key, at, np.zeros(per_shard, np.uint32))
        path = folder / self.key
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("wb")
        self._digest = hashlib.sha256()
        self._index = np.full((*per_shard, 2), MISSING_CHUNK, dtype=np.uint64)
        self._size = 0

    def append(self, position: tuple[int, ...], chunk: _EncodedChunk) -> None:
        self._index[position] = (self._size, len(chunk.encoded))
        self.checks.checksums[position] = chunk.checksum
        self._put(chunk.encoded)
        self.missing -= 1

    def finish(self) -> WrittenObject:
        self._put(encode_index(self._index))
        self._file.close()
        return WrittenObject(self.key, self._size, self._digest.hexdigest())

    def _put(self, encoded: bytes) -> None:
        self._file.write(encoded)
        self._digest.update(encoded)
        self._size += len(encoded)

    def abandon(self) -> None:
        self._file.close()


class ZarrWriter:
    """Writes one array into a local folder.

    Parameters
    ----------
    folder
        The root of the array; created. Holds `zarr.json` and `c/…` afterwards.
    plan, dtype
        Shapes and the native-endian type; values are stored as they are, NaN included.
    dimension_names, attributes
        Go into `zarr.json`.
    executor
        Compresses batches of chunks beside each other.
    """

    def __init__(
        self,
        folder: Path,
        *,
        plan: ArrayPlan,
        dtype: np.dtype[Any],
        dimension_names: tuple[str, ...],
        attributes: Mapping[str, Any],
        executor: Executor,
        compression: Compression = ARCHIVE,
    ) -> None:
        self._plan = plan
        self._compression = compression
        self._dtype = np.dtype(dtype)
        self._folder = folder
        self._executor = executor
        self._open: dict[tuple[int, ...], _OpenShard] = {}
        self._objects: list[WrittenObject] = []
        self._checks: list[ShardChecks] = []
        self._summary = SummaryOfParts()
        self._grid = tuple(math.ceil(size / part) for size, part in zip(plan.shape, plan.shard, strict=True))
        metadata = build_array_metadata(
            shape=plan.shape,
            dtype=self._dtype,
            chunk=plan.chunk,
            shard=plan.shard,
            dimension_names=dimension_names,
            attributes=attributes,
            compression=compression,
        )
        folder.mkdir(parents=True, exist_ok=True)
        blosc.use_threads = False  # calls from several threads are only safe without blosc's own pool
        encoded = encode_array_metadata(metadata)
        (folder / METADATA_KEY).write_bytes(encoded)
        self._objects.append(WrittenObject(METADATA_KEY, len(encoded), hashlib.sha256(encoded).hexdigest()))

    def write(self, region: Region, block: npt.NDArray[Any]) -> None:
        """Write the patterns of `region`, which starts and ends on inner chunks (or at the end)."""
        starts = self._check(region, block)
        chunks = self._list_chunks(starts, block.shape)
        size = max(1, BATCH_BYTES // (math.prod(self._plan.chunk) * self._dtype.itemsize))
        batches = _split(chunks, size)
        # Results are taken in order: a shard's bytes, and so its digest, do not depend on the threads.
        waiting: list[tuple[list[tuple[int, ...]], Any]] = []
        for batch in batches:
            if len(waiting) >= BATCHES_IN_FLIGHT:
                self._store(*waiting.pop(0))
            waiting.append((batch, self._executor.submit(self._compress, block, starts, batch)))
        for batch, future in waiting:
            self._store(batch, future)

    def finish(self) -> tuple[WrittenObject, ...]:
        """Return all objects, `zarr.json` first.

        Raises
        ------
        IncompleteArrayError
            If chunks are missing.
        """
        if self._open or len(self._objects) != 1 + math.prod(self._grid):
            self.abandon()
            raise IncompleteArrayError(f"Not all chunks of {self._folder.name} were written.")
        return tuple(self._objects)

    @property
    def checks(self) -> tuple[ShardChecks, ...]:
        """What is needed to verify each finished shard."""
        return tuple(self._checks)

    def summarize(self) -> ValueSummary:
        """Return sum, extremes and NaN count of the values written so far."""
        return self._summary.build()

    def abandon(self) -> None:
        """Close the files of unfinished shards."""
        for shard in self._open.values():
            shard.abandon()
        self._open.clear()

    def _check(self, region: Region, block: npt.NDArray[Any]) -> tuple[int, ...]:
        plan = self._plan
        full = (*region, *(slice(0, size) for size in plan.shape[len(region) :]))
        extent = tuple(part.stop - part.start for part in full)
        whole = all(
            part.start % chunk == 0 and (part.stop % chunk == 0 or part.stop == size)
            for part, chunk, size in zip(full, plan.chunk, plan.shape, strict=True)
        )
        if not whole or extent != block.shape or block.dtype != self._dtype:
            raise MisalignedBlockError(
                f"{region} with {block.shape} {block.dtype} does not fit {plan.chunk} chunks."
            )
        return tuple(part.start for part in full)

    def _list_chunks(self, starts: tuple[int, ...], extent: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield the coordinates of the chunks of a block, in units of chunks of the whole array."""
        ranges = [
            range(start // chunk, math.ceil((start + size) / chunk))
            for start, size, chunk in zip(starts, extent, self._plan.chunk, strict=True)
        ]
        return itertools.product(*ranges)

    def _compress(
        self, block: npt.NDArray[Any], starts: tuple[int, ...], batch: list[tuple[int, ...]]
    ) -> list[_EncodedChunk]:
        chunk = self._plan.chunk
        encoded = []
        codec = self._compression.name.encode()
        padded = np.zeros(chunk, self._dtype)
        for coordinates in batch:
            parts = tuple(
                slice(at * size - start, at * size - start + size)
                for at, size, start in zip(coordinates, chunk, starts, strict=True)
            )
            inside = block[parts]
            if inside.shape == chunk:
                values = np.ascontiguousarray(inside)
            else:  # the grid is regular: a chunk at the array's end is filled up
                padded[...] = 0
                padded[tuple(slice(0, size) for size in inside.shape)] = inside
                values = padded
            stored = values.view(np.uint8) if self._dtype.kind == "b" else values
            encoded.append(
                _EncodedChunk(
                    seal_chunk(blosc.compress(stored, codec, self._compression.level, blosc.BITSHUFFLE, 0)),
                    google_crc32c.value(stored.tobytes()),
                    summarize_values(values if inside.shape == chunk else inside),
                )
            )
        return encoded

    def _store(self, batch: list[tuple[int, ...]], future: Any) -> None:
        per_shard = tuple(s // c for s, c in zip(self._plan.shard, self._plan.chunk, strict=True))
        for coordinates, chunk in zip(batch, future.result(), strict=True):
            at = tuple(position // count for position, count in zip(coordinates, per_shard, strict=True))
            inside = tuple(position % count for position, count in zip(coordinates, per_shard, strict=True))
            shard = self._open.get(at)
            if shard is None:
                shard = self._open[at] = self._start_shard(at, per_shard)
            shard.append(inside, chunk)
            self._summary.add(chunk.summary)
            if shard.missing == 0:
                self._objects.append(self._open.pop(at).finish())
                self._checks.append(shard.checks)

    def _start_shard(self, at: tuple[int, ...], per_shard: tuple[int, ...]) -> _OpenShard:
        return _OpenShard(self._folder, at, per_shard, math.prod(count_chunks(self._plan, at)))


def _split(chunks: Iterator[tuple[int, ...]], size: int) -> Iterator[list[tuple[int, ...]]]:
    while batch := list(itertools.islice(chunks, size)):
        yield batch
