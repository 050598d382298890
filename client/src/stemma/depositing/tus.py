"""One file to the server by tus 1.0.0, through whatever interruptions.

An own loop: the file streams in one long request, so nothing is buffered and the server keeps every byte that
arrived; after any interruption the server is asked how much it has. The whole file's sha256 goes ahead in
Upload-Metadata: the server skips what it has, and compares at the end.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Protocol

import httpx

from stemma.connection import API, Connection, describe_fault, is_hopeless
from stemma.depositing.local_files import LocalFile, OpenFile
from stemma.depositing.stopping import check_stop, pause
from stemma.digests import BLOCK_SIZE
from stemma.errors import ConflictError, DamagedFileError, RefusedError, ServerUnreachableError
from stemma.problems import build_error
from stemma.retrying import AWAY_STATUSES, Patience, read_retry_after

TUS_HEADERS = {"Tus-Resumable": "1.0.0"}
# The last answer may wait for the server to read what it stored once more.
LAST_ANSWER_S = 300.0
MOST_RESTARTS = 4
CHECKSUM_MISMATCH = 460  # of the tus checksum extension
DIGEST_REFUSALS = frozenset({"digest_mismatch", "checksum_mismatch", "size_mismatch"})
_GONE = frozenset({404, 410})
_DIGEST_STATUSES = frozenset({422, CHECKSUM_MISMATCH})
_BUSY = frozenset({409, 423})  # the connection that broke may still be writing on the server's side


@dataclass(frozen=True, slots=True)
class UploadJob:
    """A file, the deposit it belongs to, and its digest."""

    file: LocalFile
    deposit: str
    sha256: str


class UploadMemory(Protocol):
    """What this machine knows of the uploads that it began itself, by the names of the files."""

    def note_upload(self, name: str, address: str) -> None: ...
    def find_upload(self, name: str) -> str: ...


class Uploader:
    """Sends files over one connection; `stop` ends all of them at the next block.

    An upload of other bytes for the same name is ended only where it was begun here, as the `memory` says.
    """

    def __init__(self, connection: Connection, stop: Event, memory: UploadMemory | None = None) -> None:
        self._connection = connection
        self._stop = stop
        self._memory = memory

    def send(self, job: UploadJob, on_offset: Callable[[int], None]) -> bool:
        """Upload until the server has it all; return False when it had it all along.

        Raises
        ------
        ServerUnreachableError, RefusedError
            As `Connection.request`.
        DamagedFileError
            The file changed while it was sent.
        TransferStoppedError
            `stop` was set.
        """
        patience = self._new_patience()
        for _ in range(MOST_RESTARTS):
            begun = self._create(job)
            if begun is None:
                on_offset(job.file.size)
                return False
            address = begun[0]
            offset: int | None = begun[1]
            while offset is not None:
                on_offset(offset)
                if offset >= job.file.size:
                    return True
                offset = self._append(job, address, offset, patience, on_offset)
        raise ServerUnreachableError(
            f"The server forgot the upload of {job.file.name} again and again.", code="upload_lost"
        )

    def _new_patience(self) -> Patience:
        patience = self._connection.new_patience()
        patience.sleep = partial(pause, self._stop)
        return patience

    def _create(self, job: UploadJob) -> tuple[str, int] | None:
        """Promise the file; return address and offset, or None when it is stored already.

        The server goes on with an upload that was begun under the same promise.

        Raises
        ------
        ConflictError
            Somebody else is uploading other bytes under this name.
        """
        try:
            return self._promise(job)
        except ConflictError as conflict:
            running = str(conflict.more.get("upload") or "")
            begun_here = self._memory.find_upload(job.file.name) if self._memory else ""
            if not running or name_upload(begun_here) != running:
                raise
            return self._promise(job, replace=running)

    def _promise(self, job: UploadJob, **more: str) -> tuple[str, int] | None:
        metadata = {
            "deposit": job.deposit,
            "path": job.file.name,
            "sha256": job.sha256,
            "size": str(job.file.size),
            **more,
        }
        headers = {
            **TUS_HEADERS,
            "Upload-Length": str(job.file.size),
            "Upload-Metadata": encode_metadata(metadata),
        }
        response = self._connection.request(
            "POST", f"{API}/uploads/", headers=headers, patience=self._new_patience()
        )
        if response.headers.get("Stemma-Already-Stored", "").lower() == "true":
            return None
        location = response.headers.get("Location")
        if not location:
            raise ServerUnreachableError(
                "The server began an upload but named no address for it.", code="not_stemma"
            )
        address = str(response.url.join(location))
        if self._memory is not None:
            self._memory.note_upload(job.file.name, address)
        return address, int(response.headers.get("Upload-Offset", "0"))

    def _ask_offset(self, address: str) -> int | None:
        """Return how many bytes the server has, or None when the upload is no longer known there."""
        try:
            # A patience of its own: an answer to HEAD proves nothing about the way up.
            response = self._connection.request(
                "HEAD", address, headers=TUS_HEADERS, patience=self._new_patience(), timeout=LAST_ANSWER_S
            )
        except RefusedError as refusal:
            if refusal.status in _GONE:
                return None
            if refusal.status in _DIGEST_STATUSES:
                raise _damaged(refusal.message) from refusal
            raise
        return int(response.headers["Upload-Offset"])

    def _append(
        self, job: UploadJob, address: str, offset: int, patience: Patience, on_offset: Callable[[int], None]
    ) -> int | None:
        """Send from `offset` on; return the offset the server names, or None where it must be asked."""

        def note(sent_to: int) -> None:
            check_stop(self._stop)
            on_offset(sent_to)

        headers = {
            **TUS_HEADERS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(job.file.size - offset),
        }
        with job.file.open_stream() as stream:
            content = read_blocks(stream, offset, job.file.size, note)
            try:
                response = self._connection.send(
                    "PATCH", address, content=content, headers=headers, timeout=LAST_ANSWER_S
                )
            except httpx.TransportError as fault:
                return self._recover(address, offset, patience, fault)
        if response.is_success:
            patience.restore()
            return int(response.headers["Upload-Offset"])
        return self._consider_refusal(response, address, patience)

    def _recover(
        self, address: str, offset: int, patience: Patience, fault: httpx.TransportError
    ) -> int | None:
        """Wait, then ask how far it came; what moved on gives the patience back."""
        if self._moved_on(address, offset):
            patience.restore()
        if is_hopeless(fault) or not patience.wait(describe_fault(fault)):
            raise self._connection.unreachable(fault) from fault
        return self._ask_offset(address)

    def _moved_on(self, address: str, offset: int) -> bool:
        try:
            response = self._connection.send("HEAD", address, headers=TUS_HEADERS)
        except httpx.TransportError:
            return False
        return response.is_success and int(response.headers.get("Upload-Offset", "0")) > offset

    def _consider_refusal(self, response: httpx.Response, address: str, patience: Patience) -> int | None:
        status = response.status_code
        if status in _GONE:
            return None
        error = build_error(response)
        if status == CHECKSUM_MISMATCH or error.code in DIGEST_REFUSALS:
            raise _damaged(error.message)
        temporary = status in AWAY_STATUSES or status in _BUSY
        if temporary and patience.wait(error.message, advised_s=read_retry_after(response)):
            return self._ask_offset(address)
        raise error


def name_upload(address: str) -> str:
    """Return the id of an upload, by which server and command mean the same."""
    return address.rstrip("/").rpartition("/")[2]


def _damaged(message: str) -> DamagedFileError:
    return DamagedFileError(
        f"The server received other bytes than announced: {message}",
        hint="Perhaps the file changed while it was sent. Repeat the command when it is complete.",
    )


def read_blocks(stream: OpenFile, offset: int, size: int, note: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the bytes from `offset` to `size`, telling `note` how far it got before each block.

    Raises
    ------
    DamagedFileError
        The file is shorter than it was.
    """
    stream.seek(offset)
    position = offset
    while position < size:
        note(position)
        block = stream.read(min(BLOCK_SIZE, size - position))
        if not block:
            raise DamagedFileError(
                f"{stream.name} became shorter while it was sent.",
                hint="Send it when it is complete.",
                code="file_changed",
            )
        position += len(block)
        yield block


def encode_metadata(values: Mapping[str, str]) -> str:
    """Return the value of an Upload-Metadata header: ``key base64,key base64``."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
