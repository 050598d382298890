"""The frame of a Zarr shard: inner chunks with their checksums, and the index at its end that says where each lies."""

import itertools
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import numpy as np
import numpy.typing as npt

from processing.engine.plan_arrays import ArrayPlan

CHECKSUM_BYTES = 4
MISSING_CHUNK = 2**64 - 1


class DamagedShardError(RuntimeError):
    """A shard's index or one of its chunks does not have the checksum that stands behind it."""


@dataclass(frozen=True, slots=True)
class ShardChecks:
    """What the writer noted of a shard: key, place in the grid, and a crc32c of each chunk's values."""

    key: str
    at: tuple[int, ...]
    checksums: npt.NDArray[np.uint32]

    def list_chunks(self, plan: ArrayPlan) -> Iterator[tuple[int, ...]]:
        """Yield the coordinates, within the shard, of the chunks that lie in the array."""
        return itertools.product(*(range(count) for count in count_chunks(plan, self.at)))


def count_chunks(plan: ArrayPlan, at: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many chunks of a shard lie in the array, per axis."""
    return tuple(
        math.ceil(min(size - position * shard, shard) / chunk)
        for position, size, shard, chunk in zip(at, plan.shape, plan.shard, plan.chunk, strict=True)
    )


def clip_chunk(plan: ArrayPlan, at: tuple[int, ...], inside: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the part of a chunk that lies in the array; the rest of it is filling."""
    return tuple(
        slice(0, min(chunk, size - position * shard - number * chunk))
        for position, number, size, shard, chunk in zip(
            at, inside, plan.shape, plan.shard, plan.chunk, strict=True
        )
    )


def seal_chunk(compressed: bytes) -> bytes:
    """Return a compressed chunk with its crc32c behind it: Zarr's codec `crc32c`."""
    return compressed + struct.pack("<I", google_crc32c.value(compressed))


def unseal_chunk(sealed: bytes) -> bytes:
    """Return the compressed chunk.

    Raises
    ------
    DamagedShardError
        If its checksum does not fit.
    """
    compressed = sealed[:-CHECKSUM_BYTES]
    if sealed[-CHECKSUM_BYTES:] != struct.pack("<I", google_crc32c.value(compressed)):
        raise DamagedShardError("A chunk is damaged.")
    return compressed


def encode_index(index: npt.NDArray[np.uint64]) -> bytes:
    """Return the bytes that end a shard: (offset, size) of every chunk, then their crc32c."""
    encoded = index.astype("<u8").tobytes()
    return encoded + struct.pack("<I", google_crc32c.value(encoded))


def read_index(path: Path, per_shard: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Read the index (*per_shard, 2) of a shard.

    Raises
    ------
    DamagedShardError
        If its checksum does not fit.
    """
    size = math.prod(per_shard) * 16
    with path.open("rb") as file:
        file.seek(-(size + CHECKSUM_BYTES), 2)
        encoded = file.read(size)
        (expected,) = struct.unpack("<I", file.read(CHECKSUM_BYTES))
    if google_crc32c.value(encoded) != expected:
        raise DamagedShardError(f"The index of {path.name} is damaged.")
    return np.frombuffer(encoded, "<u8").astype(np.uint64).reshape(*per_shard, 2)
