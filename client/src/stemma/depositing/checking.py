"""Checking files as a deposit would: in a draft that is gone afterwards, however the command ends."""

import json
import sys
import time
from pathlib import Path
from typing import IO

import platformdirs

from stemma.connection import Connection
from stemma.depositing.drafts import Drafts
from stemma.depositing.ledger import Ledger
from stemma.depositing.local_files import select_files
from stemma.depositing.session import DepositRequest, Outcome
from stemma.depositing.transfers import deliver_files
from stemma.errors import JsonObject, StemmaError
from stemma.findings import count_errors
from stemma.progress import Progress

if sys.platform != "win32":
    import fcntl

ABANDONED_AFTER_S = 86_400.0  # where no lock tells whether a check still runs


class CheckDraft:
    """What this machine remembers of the draft of a running check; a check that was killed leaves it behind."""

    def __init__(self, location: Path, handle: IO[str]) -> None:
        self._location = location
        self._handle = handle

    @classmethod
    def begin(cls, server: str, deposit_id: str) -> "CheckDraft":
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        location = folder / f"{deposit_id}.json"
        handle = location.open("w", encoding="utf-8")
        _lock(handle)
        json.dump({"server": server, "deposit": deposit_id}, handle)
        handle.flush()
        return cls(location, handle)

    def end(self, *, is_removed: bool) -> None:
        """Forget the draft once it is gone; else the next check removes it."""
        if is_removed:
            self._location.unlink(missing_ok=True)
        self._handle.close()


def validate_paths(connection: Connection, request: DepositRequest, progress: Progress) -> Outcome:
    """Have the server open and check files as a deposit would, convert nothing, and leave nothing behind.

    Raises
    ------
    UsageError
        A path is no file or folder.
    """
    selection = select_files(request.paths)
    drafts = Drafts(connection)
    ledger = Ledger.for_paths(f"{connection.url} validate", request.paths)
    remove_abandoned(drafts, connection.url, progress)
    record = drafts.create(title=request.title, document=request.document)
    draft = CheckDraft.begin(connection.url, record["id"])
    try:
        progress.begin_transfer("Uploading", total=selection.total_size, files=len(selection.files))
        deliver_files(connection, record, selection.files, ledger, progress)
        progress.end()
        drafts.submit(record["id"], until="opened")
        record = drafts.wait(record["id"], on_stage=progress.stage)
    finally:
        progress.end()
        ledger.finish()
        draft.end(is_removed=_remove(drafts, record["id"], progress))
    return Outcome(record, refused=count_errors(record) > 0)


def remove_abandoned(drafts: Drafts, server: str, progress: Progress) -> None:
    """Remove the drafts of checks on this server that were killed before they could do it themselves."""
    for location in sorted(_folder().glob("*.json")):
        with location.open("r+", encoding="utf-8") as handle:
            if not _is_abandoned(location, handle):
                continue
            noted = _read(handle)
            if noted.get("server") != server:
                continue
            deposit_id = str(noted.get("deposit"))
            try:
                record = drafts.find(deposit_id)
                is_ours = record is not None and not _was_taken_over(record)
                if is_ours and not _remove(drafts, deposit_id, progress):
                    continue
            except StemmaError as fault:
                progress.note(f"The draft {deposit_id} of an earlier check stays for now: {fault.message}")
                continue
            location.unlink(missing_ok=True)


def _was_taken_over(record: JsonObject) -> bool:
    """Return whether somebody made a deposit of the draft that a check had left."""
    return record.get("state") != "draft" and record.get("read_until", "opened") != "opened"


def _remove(drafts: Drafts, deposit_id: str, progress: Progress) -> bool:
    try:
        drafts.delete(deposit_id)
    except StemmaError as fault:
        # What was found out matters more than the draft that stays behind.
        progress.note(
            f"The draft {deposit_id} could not be removed: {fault.message} The next check tries again."
        )
        return False
    return True


def _folder() -> Path:
    return platformdirs.user_state_path("stemma") / "checks"


def _lock(handle: IO[str]) -> bool:
    """Hold the file until it is closed or the process ends; False where another process holds it."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_abandoned(location: Path, handle: IO[str]) -> bool:
    if sys.platform == "win32":
        return time.time() - location.stat().st_mtime > ABANDONED_AFTER_S
    return _lock(handle)


def _read(handle: IO[str]) -> JsonObject:
    try:
        content = json.load(handle)
    except ValueError:
        return {}  # killed before it was written: there is nothing to remove
    return content if isinstance(content, dict) else {}
