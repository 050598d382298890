"""All files of a deposit to the server: a few at a time, skipping what is there."""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import Protocol

from stemma.connection import Connection, api_path, file_path
from stemma.depositing.ledger import Ledger
from stemma.depositing.local_files import LocalFile
from stemma.depositing.stopping import TransferStoppedError
from stemma.depositing.tus import Uploader, UploadJob, name_upload
from stemma.errors import DamagedFileError, JsonObject, NotFoundError, ServerUnreachableError

# While one file is on the line another is hashed: sha256 runs at some 1.5 GB/s, so the second reading costs
# no time, and the digest at hand before the first byte lets the server skip what it has.
PARALLEL_FILES = 3
MOST_ROUNDS = 3


class TransferListener(Protocol):
    """Told where each file is; called from several threads."""

    def file_at(self, name: str, offset: int, size: int) -> None: ...
    def file_done(self, name: str, size: int, *, sent: bool) -> None: ...


def deliver_files(
    connection: Connection,
    deposit: JsonObject,
    files: Sequence[LocalFile],
    ledger: Ledger,
    listener: TransferListener,
) -> None:
    """Send what the deposit lacks until the server itself lists every file as stored.

    A server whose database was killed may have forgotten what it had confirmed a moment before.

    Raises
    ------
    ServerUnreachableError, RefusedError, DamagedFileError
        As `transfer_files`; also where files keep vanishing.
    """
    for _ in range(MOST_ROUNDS):
        transfer_files(connection, deposit, files, ledger, listener)
        deposit = connection.get_json(api_path("deposits", deposit["id"]))
        there = {file["path"]: file for file in deposit.get("files") or ()}
        missing = [
            file.name for file in files if not _is_stored(there.get(file.name), ledger.digest_of(file))
        ]
        if not missing:
            return
    raise ServerUnreachableError(
        f"The server does not keep {missing[0]}: it confirms the file and does not list it.",
        code="upload_lost",
        hint="Tell its operator; the same command goes on with this deposit.",
    )


def transfer_files(
    connection: Connection,
    deposit: JsonObject,
    files: Sequence[LocalFile],
    ledger: Ledger,
    listener: TransferListener,
) -> int:
    """Send what the deposit lacks; return the number of files that were sent.

    Raises
    ------
    ServerUnreachableError, RefusedError, DamagedFileError
        Of the first file that failed; the others have stopped, and what arrived is kept by the server.
    """
    there = {file["path"]: file for file in deposit.get("files") or ()}
    stop = Event()
    uploader = Uploader(connection, stop, ledger)

    def send(file: LocalFile) -> bool:
        if stop.is_set():
            raise TransferStoppedError
        digest = ledger.digest_of(file, stop)
        known = there.get(file.name) or {}
        if _is_stored(known, digest):
            listener.file_done(file.name, file.size, sent=False)
            return False
        if known.get("state") == "stored":
            # Changed here since: the newest word counts, and the server wants it said in two steps.
            with suppress(NotFoundError):
                connection.request("DELETE", file_path("deposits", deposit["id"], file.name))
        job = UploadJob(file=file, deposit=deposit["id"], sha256=digest)
        try:
            sent = uploader.send(job, lambda offset: listener.file_at(file.name, offset, file.size))
        except DamagedFileError:
            ledger.forget_digest(file)
            raise
        listener.file_done(file.name, file.size, sent=sent)
        return sent

    pool = ThreadPoolExecutor(PARALLEL_FILES, thread_name_prefix="upload")
    try:
        tasks = [pool.submit(send, file) for file in files]
        wait(tasks, return_when=FIRST_EXCEPTION)
        return _count_sent(tasks)
    finally:
        # Also on Ctrl-C: the threads end at their next block or pause, and nobody waits for them.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def drop_stale_uploads(
    connection: Connection, deposit: JsonObject, files: Sequence[LocalFile], ledger: Ledger
) -> list[str]:
    """End uploads that were begun here for files which are no longer among these; return their names.

    Nobody would ever finish them, and a deposit with unfinished uploads cannot be handed in. What others began may be
    running just now.
    """
    names = {file.name for file in files}
    stale = [
        str(file["path"])
        for file in deposit.get("files") or ()
        if file.get("state") == "uploading"
        and file["path"] not in names
        and name_upload(ledger.find_upload(str(file["path"]))) == name_upload(str(file.get("upload")))
    ]
    for name in stale:
        connection.request("DELETE", file_path("deposits", deposit["id"], name))
    return stale


def _is_stored(known: JsonObject | None, digest: str) -> bool:
    return known is not None and known.get("state") == "stored" and known.get("sha256") == digest


def _count_sent(tasks: Sequence[Future[bool]]) -> int:
    finished = [task for task in tasks if task.done()]
    for task in finished:
        fault = task.exception()
        if fault is not None and not isinstance(fault, TransferStoppedError):
            raise fault
    return sum(task.result() for task in tasks)
