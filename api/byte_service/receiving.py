"""Writing an incoming chunk at its offset, hashing in the pass that writes."""

import asyncio
import errno
import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request

from repository.errors import DiskFullError
from repository.services.disk import require_reserve

BLOCK_BYTES = 1 << 20
MOST_HASHERS = 1000
CHECKSUM_ALGORITHMS = ("sha256", "sha1", "md5")
SILENCE_S = 15.0  # a connection that was cut without a word must not hold its upload for ever


class ChecksumMismatchError(Exception):
    """The chunk is not what its checksum promised; nothing of it was kept."""


class OffsetConflictError(Exception):
    """The chunk does not start where the last one ended."""


class UploadLockedError(Exception):
    """Another request writes to the same upload just now."""


class BeyondPromiseError(Exception):
    """The chunk goes beyond the promised size; nothing of it was kept."""


class Hasher(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> "Hasher": ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class _Progress:
    hasher: Hasher
    position: int

    def copy(self) -> "_Progress":
        return _Progress(self.hasher.copy(), self.position)


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


def is_locked(path: Path) -> bool:
    """Return whether a request writes to the file just now."""
    try:
        with locked(path):
            return False
    except UploadLockedError:
        return True
    except FileNotFoundError:
        return False
    except OSError as fault:
        if fault.errno == errno.EROFS:  # nobody can write there
            return False
        raise


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
    BeyondPromiseError
        The body has more than `room` bytes: the file is as before.
    ChecksumMismatchError
        Or the connection broke before a checked chunk was whole: the file is as before.
    DiskFullError
        More would touch the reserve; whole pieces that arrived before are kept.
    """
    with locked(path) as descriptor:
        if os.fstat(descriptor).st_size != offset:
            raise OffsetConflictError
        if _read_announced(request) > room:
            raise BeyondPromiseError
        state = states.take(key, offset)
        before = state.copy() if state is not None and state.position else None
        writer = _ChunkWriter(path.parent, descriptor, offset, room, state, checksum)
        try:
            try:
                await writer.receive(request)
            finally:
                await run_sync(_flush_disk, descriptor, offset)
        except ClientDisconnect:
            if checksum is not None:
                _take_back(descriptor, states, key, offset, before)
                raise
        except (OSError, DiskFullError):
            if checksum is not None:
                _take_back(descriptor, states, key, offset, before)
            else:
                _keep_state(descriptor, states, key, writer.state)
            raise
        if writer.is_beyond or writer.is_refused():
            _take_back(descriptor, states, key, offset, before)
            raise BeyondPromiseError if writer.is_beyond else ChecksumMismatchError
        if writer.state is not None:
            states.keep(key, writer.state)
        return writer.position


def _flush_disk(descriptor: int, offset: int) -> None:
    """Bring the chunk to the disk; where that fails nobody knows what of it is there, so none of it counts."""
    try:
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, offset)
        raise


def _keep_state(descriptor: int, states: HashStates, key: str, state: _Progress | None) -> None:
    """Remember the hash of what arrived, unless a piece of a block was written that it has not seen."""
    if state is not None and state.position == os.fstat(descriptor).st_size:
        states.keep(key, state)


def _take_back(descriptor: int, states: HashStates, key: str, offset: int, before: _Progress | None) -> None:
    """Leave file and hash as they were before the chunk."""
    os.ftruncate(descriptor, offset)
    if before is not None:
        states.keep(key, before)


def _read_announced(request: Request) -> int:
    """Return the length of the body where the client says it; a body of unknown length is counted instead."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() else 0


class _ChunkWriter:
    """Collects the small pieces of the network into blocks, and writes and hashes each block in one go."""

    def __init__(
        self,
        folder: Path,
        descriptor: int,
        offset: int,
        room: int,
        state: _Progress | None,
        checksum: Checksum | None,
    ) -> None:
        self._folder = folder
        self.descriptor = descriptor
        self.position = offset
        self.end = offset + room
        self.state = state
        self.checksum = checksum
        self.chunk_hasher: Hasher | None = hashlib.new(checksum.algorithm) if checksum else None
        self.is_beyond = False
        self._pending = bytearray()

    async def receive(self, request: Request) -> None:
        """Write the body until it ends, breaks off or falls silent.

        Raises
        ------
        ClientDisconnect
            The connection is gone; whole pieces that arrived before are written.
        """
        pieces = request.stream()
        try:
            while (piece := await _next_piece(pieces)) is not None and not self.is_beyond:
                self._pending += piece
                self.is_beyond = self.position + len(self._pending) > self.end
                if len(self._pending) >= BLOCK_BYTES:
                    await run_sync(self._flush)
        finally:
            await run_sync(self._flush)

    def _flush(self) -> None:
        block = bytes(self._pending[: max(0, self.end - self.position)])
        self._pending.clear()
        require_reserve(self._folder, len(block))
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


async def _next_piece(pieces: AsyncGenerator[bytes, None]) -> bytes | None:
    try:
        async with asyncio.timeout(SILENCE_S):
            return await anext(pieces, None)
    except TimeoutError as error:
        raise ClientDisconnect from error
