"""Checking files as a deposit would: in a draft that is gone afterwards, however the command ends."""

import json
import sys
import time
import uuid
from pathlib import Path
from typing import IO

import platformdirs

from stemma.connection import Connection
from stemma.depositing.document import set_title
from stemma.depositing.drafts import Drafts
from stemma.depositing.ledger import Ledger
from stemma.depositing.local_files import Selection, select_files
from stemma.depositing.session import DepositRequest, Outcome, note_selection
from stemma.depositing.transfers import deliver_files
from stemma.errors import JsonObject, StemmaError
from stemma.findings import count_errors
from stemma.progress import Progress

if sys.platform != "win32":
    import fcntl

# Where no lock tells whether a check still runs; and for so long a draft is looked for that may never have been made.
ABANDONED_AFTER_S = 86_400.0


class CheckDraft:
    """What this machine remembers of the draft of a running check; a check that was killed leaves it behind.

    It is written before the draft is made: the mark, which is the draft's first title, leads to a draft whose id nobody
    learned.
    """

    def __init__(self, location: Path, handle: IO[str], server: str) -> None:
        self._location = location
        self._handle = handle
        self._server = server
        self.mark = f"stemma validate {location.stem}"

    @classmethod
    def begin(cls, server: str) -> "CheckDraft":
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        location = folder / f"{uuid.uuid4()}.json"
        handle = location.open("w", encoding="utf-8")
        _lock(handle)
        draft = cls(location, handle, server)
        draft.note(None)
        return draft

    def note(self, deposit_id: str | None) -> None:
        # One line after the other, the last whole one counts: there is no moment without a readable note.
        json.dump({"server": self._server, "mark": self.mark, "deposit": deposit_id}, self._handle)
        self._handle.write("\n")
        self._handle.flush()

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
    selection = select_files(request.paths, follow_links=request.follow_links, rename=request.rename)
    note_selection(selection, progress)
    try:
        record = _check(connection, request, selection, progress)
    except StemmaError as fault:
        fault.more["left_out"] = [one.as_dict() for one in selection.left_out]
        raise
    return Outcome(
        record,
        refused=count_errors(record) > 0,
        left_out=selection.left_out,
        renamed=selection.renamed,
    )


def _check(
    connection: Connection, request: DepositRequest, selection: Selection, progress: Progress
) -> JsonObject:
    drafts = Drafts(connection)
    ledger = Ledger.for_paths(f"{connection.url} validate", request.paths)
    remove_abandoned(drafts, connection.url, progress)
    draft = CheckDraft.begin(connection.url)
    deposit_id: str | None = None
    try:
        record = drafts.create(title=draft.mark, document=None)
        deposit_id = record["id"]
        draft.note(deposit_id)
        record = _describe(drafts, record, request)
        progress.begin_transfer("Uploading", total=selection.total_size, files=len(selection.files))
        deliver_files(connection, record, selection.files, ledger, progress)
        progress.end()
        drafts.submit(record["id"], until="opened")
        return drafts.wait(record["id"], on_stage=progress.stage)
    finally:
        progress.end()
        ledger.finish()
        draft.end(is_removed=_remove(drafts, deposit_id, draft.mark, progress))


def _describe(drafts: Drafts, record: JsonObject, request: DepositRequest) -> JsonObject:
    """Give the draft what is to be checked in the place of its mark."""
    mark, document = record.get("title"), set_title(request.document or {}, request.title)
    record = drafts.describe(record["id"], document)
    if mark and record.get("title") == mark:  # what is not named stays
        record = drafts.describe(record["id"], {"dataset": {"title": None}})
    return record


def remove_abandoned(drafts: Drafts, server: str, progress: Progress) -> None:
    """Remove the drafts of checks on this server that were killed before they could do it themselves."""
    for location in sorted(_folder().glob("*.json")):
        with location.open("r+", encoding="utf-8") as handle:
            if not _is_abandoned(location, handle):
                continue
            noted = _read(handle)
            if noted.get("server") != server:
                continue
            deposit_id, mark = noted.get("deposit"), str(noted.get("mark") or "")
            try:
                record = drafts.find(str(deposit_id)) if deposit_id else None
                is_ours = record is None or not _was_taken_over(record)
                if is_ours and not _remove(drafts, deposit_id, mark, progress) and not _is_old(location):
                    continue
            except StemmaError as fault:
                progress.note(
                    f"The draft {deposit_id or mark} of an earlier check stays for now: {fault.message}"
                )
                continue
            location.unlink(missing_ok=True)


def _was_taken_over(record: JsonObject) -> bool:
    """Return whether somebody made a deposit of the draft that a check had left."""
    return record.get("state") != "draft" and record.get("read_until", "opened") != "opened"


def _remove(drafts: Drafts, deposit_id: str | None, mark: str, progress: Progress) -> bool:
    """Remove the draft of a check; where nobody learned its id, look for its mark. False where it may still come."""
    try:
        if deposit_id is not None:
            drafts.delete(deposit_id)
            return True
        marked = [str(one["id"]) for one in drafts.list() if mark and one.get("title") == mark]
        for one in marked:
            drafts.delete(one)
    except StemmaError as fault:
        # What was found out matters more than the draft that stays behind.
        progress.note(
            f"The draft {deposit_id or mark} could not be removed: {fault.message} The next check tries again."
        )
        return False
    return bool(marked)


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
    return _is_old(location) if sys.platform == "win32" else _lock(handle)


def _is_old(location: Path) -> bool:
    return time.time() - location.stat().st_mtime > ABANDONED_AFTER_S


def _read(handle: IO[str]) -> JsonObject:
    """Return the last note that was written whole."""
    noted: JsonObject = {}
    for line in handle:
        try:
            content = json.loads(line)
        except ValueError:
            break
        noted = content if isinstance(content, dict) else noted
    return noted
