"""One deposit from the PATHs to a citable record, going on wherever it stopped before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stemma.connection import Connection, api_path
from stemma.depositing.drafts import WORKING_STATES, Acknowledgement, Drafts
from stemma.depositing.ledger import Ledger, digest_document
from stemma.depositing.local_files import select_files
from stemma.depositing.transfers import transfer_files
from stemma.errors import JsonObject, RefusedError, ValidationRefusedError
from stemma.findings import add_findings, count_errors
from stemma.progress import Progress, format_size


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """The deposit object as it stands, what it still lacks, and whether something asked for was refused."""

    record: JsonObject
    requirements: Sequence[JsonObject] = field(default=())
    refused: bool = False


class DepositSession:
    """The steps share a server, a memory of earlier runs, and a place to report to."""

    def __init__(self, connection: Connection, request: DepositRequest, progress: Progress) -> None:
        self._connection = connection
        self._drafts = Drafts(connection)
        self._request = request
        self._progress = progress
        self._selection = select_files(request.paths)
        self._ledger = Ledger.for_paths(connection.url, request.paths)
        self.deposit_id: str | None = None

    def run(self) -> Outcome:
        """Deposit, and publish where that is asked for.

        Raises
        ------
        StemmaError
            Whatever stops it; the same request goes on from there.
        """
        self._note_skipped()
        try:
            record, described = self._begin()
        except ValidationRefusedError as refusal:
            if self.deposit_id is None:
                raise
            return Outcome(add_findings(self._drafts.read(self.deposit_id), refusal.findings), refused=True)
        if record.get("state") in {"publishing", "published"}:
            return self._conclude_published(record["id"])
        sent = self._transfer(record)
        record = self._process(record, changed=described or sent > 0)
        if not self._request.wait and not self._request.publish:
            return Outcome(record)
        return self._finish(record)

    def _note_skipped(self) -> None:
        skipped = self._selection.skipped
        for location, reason in skipped[:10]:
            self._progress.note(f"Skipped {location}: {reason}.")
        if len(skipped) > 10:  # noqa: PLR2004 - a screenful
            self._progress.note(f"… and {len(skipped) - 10} more.")

    def _begin(self) -> tuple[JsonObject, bool]:
        """Return the deposit to go on with, and whether its description changed now."""
        document, title = self._build_document(), self._request.title
        digest = digest_document([document, title]) if document is not None or title else None
        record = None if self._request.new else self._find()
        if record is None:
            self._check_quota(self._selection.total_size)
            record = self._drafts.create(title=title, document=document)
            self.deposit_id = record["id"]
            self._ledger.begin(record["id"], digest)
            self._progress.note(f"Deposit {record['id']} begun on {self._connection.url}.")
            return record, True
        self._progress.note(f"Going on with deposit {record['id']} (--new starts another).")
        if (
            digest is None
            or digest == self._ledger.document_digest
            or record.get("state") in {"publishing", "published"}
        ):
            return record, False
        record = self._drafts.describe(
            record["id"], {"metadata": document} if document is not None else {"title": title}
        )
        self._ledger.note_document(digest)
        return record, True

    def _find(self) -> JsonObject | None:
        if self._ledger.deposit_id is None:
            return None
        record = self._drafts.find(self._ledger.deposit_id)
        self.deposit_id = record["id"] if record else None
        return record

    def _build_document(self) -> JsonObject | None:
        document, title = self._request.document, self._request.title
        if document is None or not title:
            return document
        dataset = document.get("dataset")
        if dataset is not None and not isinstance(dataset, dict):
            return document  # the server says what is wrong with it
        return {**document, "dataset": {**(dataset or {}), "title": title}}

    def _check_quota(self, wanted: int) -> None:
        """Refuse before the first byte what would not fit; a server that tells no quota decides itself."""
        quota = self._connection.get_json(api_path("account")).get("quota")
        if not isinstance(quota, dict):
            return
        limit, used = quota.get("limit"), quota.get("used", 0)
        if isinstance(limit, int) and isinstance(used, int) and used + wanted > limit:
            left = format_size(max(0, limit - used))
            raise RefusedError(
                f"{format_size(wanted)} are more than your quota has left ({left}).",
                hint="Nothing was sent. Delete drafts you do not need, or ask the operator for more room.",
                code="quota_exceeded",
            )

    def _transfer(self, record: JsonObject) -> int:
        selection = self._selection
        self._progress.begin_transfer("Uploading", total=selection.total_size, files=len(selection.files))
        try:
            return transfer_files(self._connection, record, selection.files, self._ledger, self._progress)
        finally:
            self._progress.end()

    def _process(self, record: JsonObject, *, changed: bool) -> JsonObject:
        deposit_id = record["id"]
        if record.get("state") in WORKING_STATES and changed:
            self._wait(deposit_id)  # what is being read now does not include the change
        if changed or record.get("state") in {"draft", "needs_attention"}:
            self._drafts.submit(deposit_id)
        if not self._request.wait and not self._request.publish:
            return self._drafts.read(deposit_id)
        return self._wait(deposit_id)

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
            record = self._drafts.describe(
                deposit_id, {"acknowledged_warnings": [one.as_dict() for one in request.accepted]}
            )
        return Outcome(record, self._drafts.check(deposit_id).get("requirements") or ())

    def _conclude_published(self, deposit_id: str) -> Outcome:
        """Report what an earlier run published without learning of it."""
        record = self._drafts.wait(deposit_id, busy=frozenset({"publishing"}), on_stage=self._progress.stage)
        self._progress.note(
            f"Deposit {deposit_id} is published already. The same command now starts another."
        )
        self._ledger.finish()
        return Outcome(record)


def publish_deposit(
    drafts: Drafts, deposit_id: str, accepted: Sequence[Acknowledgement], progress: Progress
) -> Outcome:
    """Publish; where findings forbid it, return the deposit with them."""
    try:
        record = drafts.publish(deposit_id, accepted, on_stage=progress.stage)
    except ValidationRefusedError as refusal:
        progress.note(f"Not published: {refusal.message}")
        requirements = drafts.check(deposit_id).get("requirements") or ()
        return Outcome(add_findings(drafts.read(deposit_id), refusal.findings), requirements, refused=True)
    finally:
        progress.end()
    return Outcome(record, refused=record.get("state") != "published")


def validate_paths(connection: Connection, request: DepositRequest, progress: Progress) -> Outcome:
    """Have the server read and check files as a deposit would, and leave nothing behind.

    Raises
    ------
    UsageError
        A path is no file or folder.
    """
    selection = select_files(request.paths)
    drafts = Drafts(connection)
    ledger = Ledger.for_paths(f"{connection.url} validate", request.paths)
    record = drafts.create(title=request.title, document=request.document)
    try:
        progress.begin_transfer("Uploading", total=selection.total_size, files=len(selection.files))
        transfer_files(connection, record, selection.files, ledger, progress)
        progress.end()
        drafts.submit(record["id"])
        record = drafts.wait(record["id"], on_stage=progress.stage)
        checked = drafts.check(record["id"])
    finally:
        progress.end()
        ledger.finish()
        drafts.delete(record["id"])
    record = add_findings(record, checked.get("findings") or ())
    refused = count_errors(record) > 0 or record.get("state") == "needs_attention"
    return Outcome(record, checked.get("requirements") or (), refused=refused)
