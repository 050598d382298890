"""A chunk that meets a full disk: what arrived is kept, the reserve stays, and the same upload goes on."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from api.byte_service.receiving import BLOCK_BYTES, Checksum, HashStates, receive_chunk
from repository.errors import DiskFullError
from repository.services import disk

RESERVE = 10 * BLOCK_BYTES
CONTENT = bytes(range(256)) * (4 * BLOCK_BYTES // 256)


@pytest.fixture
def upload(tmp_path: Path, settings: Any) -> Path:
    settings.STEMMA_HOME = tmp_path
    settings.DISK_RESERVE_BYTES = RESERVE
    path = tmp_path / "upload"
    path.touch()
    return path


@pytest.fixture
def leave(upload: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what says how many bytes the upload may still write above the reserve."""

    def say(room: int) -> None:
        end = RESERVE + room + upload.stat().st_size
        monkeypatch.setattr(disk, "read_free_bytes", lambda _folder: end - upload.stat().st_size)

    return say


def receive(
    path: Path, content: bytes, offset: int, states: HashStates, *, checksum: Checksum | None = None
) -> int:
    """Send a body in pieces as the network does."""
    pieces = [content[start : start + 300_000] for start in range(0, len(content), 300_000)]

    async def hand_over() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    request = Request({"type": "http", "method": "PATCH", "path": "/", "headers": []}, hand_over)
    work = receive_chunk(
        request,
        key="u",
        path=path,
        offset=offset,
        room=len(CONTENT) - offset,
        states=states,
        checksum=checksum,
    )
    return asyncio.run(work)


def test_writing_stops_at_the_reserve_and_goes_on_from_there(
    upload: Path, leave: Callable[[int], None]
) -> None:
    states = HashStates()
    leave(2 * BLOCK_BYTES + 5)
    with pytest.raises(DiskFullError):
        receive(upload, CONTENT, 0, states)
    kept = upload.stat().st_size
    assert BLOCK_BYTES <= kept <= 2 * BLOCK_BYTES + 5, "what arrived is kept, and not a byte of the reserve"
    assert upload.read_bytes() == CONTENT[:kept]
    with pytest.raises(DiskFullError):
        receive(upload, CONTENT[kept:], kept, states)
    assert upload.stat().st_size == kept
    leave(len(CONTENT))
    assert receive(upload, CONTENT[kept:], kept, states) == len(CONTENT)
    assert states.finish("u", upload, len(CONTENT)) == hashlib.sha256(CONTENT).hexdigest()


def test_a_checked_chunk_that_finds_no_room_leaves_nothing(
    upload: Path, leave: Callable[[int], None]
) -> None:
    leave(2 * BLOCK_BYTES)
    promised = Checksum("sha256", hashlib.sha256(CONTENT).digest())
    with pytest.raises(DiskFullError):
        receive(upload, CONTENT, 0, HashStates(), checksum=promised)
    assert upload.stat().st_size == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_write_that_stops_halfway_counts_what_it_wrote(
    upload: Path, leave: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    leave(10**9)
    states, write, left = HashStates(), os.pwrite, [BLOCK_BYTES + 1000]

    def write_some(descriptor: int, data: Any, position: int) -> int:
        if not left[0]:
            raise OSError(number, os.strerror(number))
        written = write(descriptor, data[: left[0]], position)
        left[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", write_some)
        with pytest.raises(OSError, match=r"space|quota"):
            receive(upload, CONTENT, 0, states)
    kept = upload.stat().st_size
    assert kept == BLOCK_BYTES + 1000
    assert receive(upload, CONTENT[kept:], kept, states) == len(CONTENT)
    assert states.finish("u", upload, len(CONTENT)) == hashlib.sha256(CONTENT).hexdigest()


def test_bytes_that_the_disk_did_not_take_are_not_counted(
    upload: Path, leave: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delayed write that fails leaves holes: the length must not promise what is not there."""
    leave(10**9)
    states = HashStates()
    assert receive(upload, CONTENT[:BLOCK_BYTES], 0, states) == BLOCK_BYTES

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", refuse)
        with pytest.raises(OSError, match="No space left"):
            receive(upload, CONTENT[BLOCK_BYTES:], BLOCK_BYTES, states)
    assert upload.stat().st_size == BLOCK_BYTES
    assert receive(upload, CONTENT[BLOCK_BYTES:], BLOCK_BYTES, states) == len(CONTENT)
    assert states.finish("u", upload, len(CONTENT)) == hashlib.sha256(CONTENT).hexdigest()
