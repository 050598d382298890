"""Writing an incoming chunk at its offset, hashing in the pass that writes."""

import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request

BLOCK_BYTES = 1 << 20
MOST_HASHERS = 1000
CHECKSUM_ALGORITHMS = ("sha256", "sha1", "md5")


class ChecksumMismatchError(Exception):
    """The chunk is not what its checksum promised; nothing of it was kept."""


class OffsetConflictError(Exception):
    """The chunk does not start where the last one ended."""


class UploadLockedError(Exception):
    """Another request writes to the same upload just now."""


class Hasher(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class _Progress:
    hasher: Hasher
    position: int


class HashStates:
    """The sha256 of uploads in progress, as far as this process has seen their bytes in order."""

    def __init__(self, size: int = MOST_HASHERS) -> None:
        self._states: OrderedDict[str, _Progress] = OrderedDict()
        self._size = size

    def take(self, key: str, offset: int) -> _Progress | None:
        """Return the state that ends at `offset`; `None` where this process has not seen the bytes before."""
        if offset == 0:
            return _Progress(hashlib.sha256(), 0)
        state = self._states.pop(key, None)
        return state if state is not None and state.position == offset else None

    def keep(self, key: str, state: _Progress) -> None:
        """Remember the state for the next chunk."""
        self._states[key] = state
        self._states.move_to_end(key)
        while len(self._states) > self._size:
            self._states.popitem(last=False)

    def finish(self, key: str, path: Path, size: int) -> str:
        """Return the sha256 of the whole file, reading again only what this process has not hashed."""
        state = self._states.pop(key, None)
        if state is None or state.position > size:
            state = _Progress(hashlib.sha256(), 0)
        with path.open("rb") as source:
            source.seek(state.position)
            while block := source.read(BLOCK_BYTES):
                state.hasher.update(block)
        return state.hasher.hexdigest()


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a chunk must hash to."""

    algorithm: str
    digest: bytes


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Open the file for writing, alone.

    Raises
    ------
    UploadLockedError
        Another request holds it.
    """
    descriptor = os.open(path, os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadLockedError from error
        yield descriptor
    finally:
        os.close(descriptor)


async def receive_chunk(
    request: Request,
    *,
    key: str,
    path: Path,
    offset: int,
    room: int,
    states: HashStates,
    checksum: Checksum | None,
) -> int:
    """Append the body to the file and return the new length; a broken connection keeps what arrived.

    Raises
    ------
    OffsetConflictError
        The file does not end at `offset`.
    ChecksumMismatchError
        Or the connection broke before a checked chunk was whole: the file is as before.
    """
    with locked(path) as descriptor:
        if os.fstat(descriptor).st_size != offset:
            raise OffsetConflictError
        writer = _ChunkWriter(descriptor, offset, room, states.take(key, offset), checksum)
        try:
            await writer.receive(request)
        except ClientDisconnect:
            if checksum is not None:
                os.ftruncate(descriptor, offset)
                raise
        finally:
            await run_sync(os.fdatasync, descriptor)
        if writer.is_refused():
            os.ftruncate(descriptor, offset)
            raise ChecksumMismatchError
        if writer.state is not None:
            states.keep(key, writer.state)
        return writer.position


class _ChunkWriter:
    """Collects the small pieces of the network into blocks, and writes and hashes each block in one go."""

    def __init__(
        self,
        descriptor: int,
        offset: int,
        room: int,
        state: _Progress | None,
        checksum: Checksum | None,
    ) -> None:
        self.descriptor = descriptor
        self.position = offset
        self.end = offset + room
        self.state = state
        self.checksum = checksum
        self.chunk_hasher: Hasher | None = hashlib.new(checksum.algorithm) if checksum else None
        self._pending = bytearray()

    async def receive(self, request: Request) -> None:
        try:
            async for piece in request.stream():
                self._pending += piece
                if len(self._pending) >= BLOCK_BYTES:
                    await run_sync(self._flush)
        finally:
            await run_sync(self._flush)

    def _flush(self) -> None:
        block = bytes(self._pending[: max(0, self.end - self.position)])
        self._pending.clear()
        written = 0
        while written < len(block):
            written += os.pwrite(self.descriptor, memoryview(block)[written:], self.position + written)
        self.position += len(block)
        if self.state is not None:
            self.state.hasher.update(block)
            self.state.position = self.position
        if self.chunk_hasher is not None:
            self.chunk_hasher.update(block)

    def is_refused(self) -> bool:
        """Return whether the chunk is not what was promised."""
        if self.checksum is None or self.chunk_hasher is None:
            return False
        return self.chunk_hasher.digest() != self.checksum.digest
