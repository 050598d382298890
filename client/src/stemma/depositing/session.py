"""One deposit from the PATHs to a citable record, going on wherever it stopped before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stemma.connection import Connection, api_path
from stemma.depositing.document import set_title
from stemma.depositing.drafts import WORKING_STATES, Acknowledgement, Drafts, is_only_checked
from stemma.depositing.ledger import Ledger, digest_document
from stemma.depositing.local_files import LeftOut, Selection, select_files
from stemma.depositing.transfers import deliver_files, drop_stale_uploads
from stemma.errors import JsonObject, RefusedError, StemmaError, ValidationRefusedError
from stemma.file_names import is_unfinished, show_name
from stemma.findings import add_findings
from stemma.local_names import SavedName
from stemma.progress import Progress, format_size
from stemma.texts import show_system_text

MOST_NOTES = 10  # a screenful


@dataclass(frozen=True, slots=True)
class DepositRequest:
    """What a depositor asks for."""

    paths: Sequence[Path]
    title: str | None = None
    document: JsonObject | None = None
    publish: bool = False
    accepted: Sequence[Acknowledgement] = ()
    wait: bool = True
    new: bool = False
    follow_links: bool = False
    rename: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The deposit object as it stands, and whether something that was asked for was refused."""

    record: JsonObject
    refused: bool = False
    left_out: Sequence[LeftOut] = ()
    renamed: Sequence[SavedName] = ()


class DepositSession:
    """The steps share a server, a memory of earlier runs, and a place to report to."""

    def __init__(self, connection: Connection, request: DepositRequest, progress: Progress) -> None:
        self._connection = connection
        self._drafts = Drafts(connection)
        self._request = request
        self._progress = progress
        self._selection = select_files(
            request.paths, follow_links=request.follow_links, rename=request.rename
        )
        self._ledger = Ledger.for_paths(connection.url, request.paths)
        self.deposit_id: str | None = None

    def run(self) -> Outcome:
        """Deposit, and publish where that is asked for.

        Raises
        ------
        StemmaError
            Whatever stops it; the same request goes on from there.
        """
        left_out = self._selection.left_out
        note_selection(self._selection, self._progress)
        try:
            return replace(self._run(), left_out=left_out, renamed=self._selection.renamed)
        except StemmaError as fault:
            fault.more["left_out"] = [one.as_dict() for one in left_out]
            raise

    def _run(self) -> Outcome:
        try:
            record = self._begin()
        except ValidationRefusedError as refusal:
            if self.deposit_id is None:
                raise
            return Outcome(add_findings(self._drafts.read(self.deposit_id), refusal.findings), refused=True)
        if record.get("state") == "published":
            return self._conclude_published(record["id"])
        if self._request.wait:
            record = self._settle(record)
        self._transfer(record)
        record = self._process(record["id"])
        if not self._request.wait and not self._request.publish:
            return Outcome(record)
        return self._finish(record)

    def _begin(self) -> JsonObject:
        """Return the deposit to go on with, described as the request says."""
        request = self._request
        document = None if request.document is None else set_title(request.document, request.title)
        digest = digest_document([document, request.title]) if document is not None or request.title else None
        record = None if request.new else self._find()
        if record is None:
            return self._create(document, digest)
        self._progress.note(f"Going on with deposit {record['id']} (--new starts another).")
        if digest in {None, self._ledger.document_digest} or record.get("state") == "published":
            return record
        record = self._settle(record)
        wanted = set_title({}, request.title) if document is None else document
        record = self._drafts.describe(
            record["id"],
            wanted,
            former=self._ledger.sent_document if document is not None else None,
            on_replaced=lambda words: self._progress.note(f"Replaced {words}."),
        )
        self._ledger.note_document(digest, document)
        return record

    def _create(self, document: JsonObject | None, digest: str | None) -> JsonObject:
        self._check_quota(self._selection.total_size)
        record = self._drafts.create(title=self._request.title, document=document)
        self.deposit_id = record["id"]
        self._ledger.begin(record["id"], digest, document)
        self._progress.note(f"Deposit {record['id']} begun on {self._connection.url}.")
        return record

    def _find(self) -> JsonObject | None:
        if self._ledger.deposit_id is None:
            return None
        record = self._drafts.find(self._ledger.deposit_id)
        self.deposit_id = record["id"] if record else None
        return record

    def _check_quota(self, wanted: int) -> None:
        """Refuse before the first byte what would not fit; a server that tells no quota decides itself.

        What was deleted and is still stored may make room as soon as it is asked for: the server knows when.
        """
        account = self._connection.get_json(api_path("account"))
        quota, used = account.get("quota"), account.get("used", 0)
        if isinstance(used, int) and isinstance(waiting := account.get("waiting"), int):
            used -= waiting
        if isinstance(quota, int) and isinstance(used, int) and used + wanted > quota:
            left = format_size(max(0, quota - used))
            raise RefusedError(
                f"{format_size(wanted)} are more than your quota has left ({left}).",
                hint="Nothing was sent. Delete drafts you do not need, or ask the operator for more room.",
                code="quota_exceeded",
            )

    def _transfer(self, record: JsonObject) -> None:
        selection = self._selection
        for name in drop_stale_uploads(self._connection, record, selection.files, self._ledger):
            self._progress.note(f"Ended the unfinished upload of {name}: it is not among these files.")
        self._progress.begin_transfer("Uploading", total=selection.total_size, files=len(selection.files))
        try:
            deliver_files(self._connection, record, selection.files, self._ledger, self._progress)
        finally:
            self._progress.end()

    def _process(self, deposit_id: str) -> JsonObject:
        """Have the server read what is there, unless it did and nothing changed since."""
        record = self._settle(self._drafts.read(deposit_id))
        if record.get("state") == "draft" or is_only_checked(record) or _reading_failed(record):
            self._drafts.submit(deposit_id)
        if not self._request.wait and not self._request.publish:
            return self._drafts.read(deposit_id)
        return self._wait(deposit_id)

    def _settle(self, record: JsonObject) -> JsonObject:
        """Wait out a reading that began before the change that is to be made."""
        return self._wait(record["id"]) if record.get("state") in WORKING_STATES else record

    def _wait(self, deposit_id: str) -> JsonObject:
        try:
            return self._drafts.wait(deposit_id, on_stage=self._progress.stage)
        finally:
            self._progress.end()

    def _finish(self, record: JsonObject) -> Outcome:
        request, deposit_id = self._request, record["id"]
        if request.publish:
            outcome = publish_deposit(self._drafts, deposit_id, request.accepted, self._progress)
            if not outcome.refused:
                self._ledger.finish()
            return outcome
        if request.accepted:
            record = self._drafts.acknowledge(deposit_id, request.accepted)
        return Outcome(record)

    def _conclude_published(self, deposit_id: str) -> Outcome:
        """Report what an earlier run published without learning of it."""
        record = self._drafts.read(deposit_id)
        self._progress.note(
            f"Deposit {deposit_id} is published already. The same command now starts another."
        )
        self._ledger.finish()
        return Outcome(record)


def note_selection(selection: Selection, progress: Progress) -> None:
    """Say what of the folders is not sent, or under another name, or not whole; what is missed stands first."""
    ordered = sorted(selection.left_out, key=lambda one: one.is_expected)
    _note([f"Left out {show_system_text(str(one.location))}: {one.reason}." for one in ordered], progress)
    _note(
        [f"{show_name(one.path)} is sent as {one.saved_as}: it {one.reason}." for one in selection.renamed],
        progress,
    )
    unfinished = [file.name for file in selection.files if is_unfinished(file.name)]
    _note(
        [
            f"{name} looks like an unfinished download; it is sent, as it was named, and the server sets it aside."
            for name in unfinished
        ],
        progress,
    )


def _note(lines: Sequence[str], progress: Progress) -> None:
    for line in lines[:MOST_NOTES]:
        progress.note(line)
    if len(lines) > MOST_NOTES:
        progress.note(f"… and {len(lines) - MOST_NOTES} more.")


def _reading_failed(record: JsonObject) -> bool:
    """Return whether trying again may help; what only lacks answers is checked again by the server itself."""
    failed = any(measurement.get("state") == "failed" for measurement in record.get("measurements") or ())
    return failed or bool((record.get("progress") or {}).get("failed"))


def publish_deposit(
    drafts: Drafts, deposit_id: str, accepted: Sequence[Acknowledgement], progress: Progress
) -> Outcome:
    """Publish, handing in first what was not yet; where findings forbid it, return the deposit with them."""
    try:
        record = drafts.read(deposit_id)
        if record.get("state") == "draft" or is_only_checked(record):
            drafts.submit(deposit_id)
        drafts.wait(deposit_id, on_stage=progress.stage)
        record = drafts.publish(deposit_id, accepted)
    except ValidationRefusedError as refusal:
        progress.note(f"Not published: {refusal.message}")
        return Outcome(add_findings(drafts.read(deposit_id), refusal.findings), refused=True)
    finally:
        progress.end()
    return Outcome(record, refused=record.get("state") != "published")


def remove_files(drafts: Drafts, deposit_id: str, paths: Sequence[str], progress: Progress) -> Outcome:
    """Take files out of a draft; where the server had read it, have the rest read again.

    Raises
    ------
    NotFoundError
        The draft has no file of that name; those named before it are out already.
    ConflictError
        A published version holds the file.
    """
    record = drafts.read(deposit_id)
    was_read = record.get("state") != "draft"
    try:
        record = drafts.wait(deposit_id, on_stage=progress.stage)
        for path in paths:
            drafts.remove_file(deposit_id, path)
            progress.note(f"Removed {path}.")
        if was_read and len(record.get("files") or ()) > len(paths):
            drafts.submit(deposit_id)
        return Outcome(drafts.wait(deposit_id, on_stage=progress.stage))
    finally:
        progress.end()
