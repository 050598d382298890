"""From promised bytes to a stored file; killed anywhere and run again."""

import datetime as dt
import hashlib
import uuid
from typing import Any

import pytest
from django.utils import timezone

from repository.errors import (
    DepositAlreadyPublishedError,
    DepositBusyError,
    DigestMismatchError,
    FileTooLargeError,
    InvalidMetadataError,
    InvalidPathError,
    PathTakenError,
    QuotaExceededError,
    UploadGoneError,
)
from repository.integrations.object_store import LocalObjectStore
from repository.models import AuditEvent, DataFile, Deposit, Upload, User
from repository.services import uploads
from repository.services.deposits import delete_deposit
from repository.services.paths import normalize_path
from repository.services.storage import get_object_store, upload_file
from repository.services.uploads import cancel_upload, complete_upload, start_upload
from tests.deposits import make_published, make_ready
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

CONTENT = b"counts of a detector"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


class PowerCutError(BaseException):
    """Nothing catches this."""


@pytest.fixture
def deposit() -> Deposit:
    return make_deposit()


def send(deposit: Deposit, path: str = "scan.raw", content: bytes = CONTENT, sha256: str = "") -> uuid.UUID:
    """Return an upload all of whose bytes have arrived."""
    plan = start_upload(
        deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(content), sha256=sha256
    )
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(content)
    return plan.upload_id


def store(deposit: Deposit, path: str = "scan.raw", content: bytes = CONTENT) -> DataFile:
    return complete_upload(upload_id=send(deposit, path, content), sha256=hashlib.sha256(content).hexdigest())


# The form of a path; the rule itself: tests/unit/schema/test_file_names.py.


def test_paths_are_stored_as_they_were_sent_in_one_form() -> None:
    assert normalize_path("U\u0308bung.dm4") == normalize_path("Übung.dm4") == "Übung.dm4"
    assert normalize_path("session 1/Å #2 100%.mib") == "session 1/Å #2 100%.mib"


@pytest.mark.parametrize(
    "text", ["back\\slash.txt", "./a", "a//b", "CON", "dots...", "zero\u200bwidth", "line\u2028end", ""]
)
def test_a_name_that_breaks_the_rule_is_refused_with_what_to_do(deposit: Deposit, text: str) -> None:
    with pytest.raises(InvalidPathError) as refusal:
        start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=text, size=1)
    assert refusal.value.pointer == "/path"
    assert "Names hold" in refusal.value.hint
    assert not deposit.files.exists()
    assert "\u200b" not in refusal.value.message


# What is refused before a byte is sent.


def test_both_forms_of_a_name_are_one_file(deposit: Deposit) -> None:
    store(deposit, "U\u0308bung.dm4")
    with pytest.raises(PathTakenError):
        start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="Übung.dm4", size=1)


def test_case_twins_are_two_files(deposit: Deposit) -> None:
    store(deposit, "Scan.raw")
    store(deposit, "scan.raw", b"other")
    assert deposit.files.count() == 2


def test_what_cannot_be_kept_is_refused_before_it_is_sent(deposit: Deposit, settings: Any) -> None:
    settings.MAX_FILE_BYTES, settings.QUOTA_BYTES = 1000, 1500

    def promise(size: int, **more: Any) -> uploads.UploadPlan:
        return start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=f"{size}.raw", size=size, **more)

    with pytest.raises(FileTooLargeError, match="1001"):
        promise(1001)
    promise(900)
    with pytest.raises(QuotaExceededError, match="900 bytes are in use"):
        promise(601)
    User.objects.filter(pk=deposit.owner.pk).update(quota_bytes=5000)
    promise(601)
    with pytest.raises(InvalidMetadataError) as refusal:
        promise(1, sha256="abc")
    assert refusal.value.pointer == "/sha256"
    assert set(deposit.files.values_list("path", flat=True)) == {"900.raw", "601.raw"}


def test_only_an_open_deposit_takes_files() -> None:
    published = make_published().dataset.deposit
    with pytest.raises(DepositAlreadyPublishedError):
        start_upload(deposit_id=published.pk, actor=published.owner, path="more.raw", size=1)
    busy = make_deposit()
    Deposit.objects.filter(pk=busy.pk).update(state="processing")
    with pytest.raises(DepositBusyError):
        start_upload(deposit_id=busy.pk, actor=busy.owner, path="more.raw", size=1)


def test_another_file_makes_a_checked_deposit_a_draft_again() -> None:
    ready = make_ready()
    store(ready, "more.raw")
    ready.refresh_from_db()
    assert ready.state == "draft"


# Resuming.


def test_the_same_promise_goes_on_where_it_was(deposit: Deposit) -> None:
    first = start_upload(
        deposit_id=deposit.pk, actor=deposit.owner, path="a.raw", size=20, sha256=DIGEST.upper()
    )
    assert first.upload_id is not None
    upload_file(first.upload_id).write_bytes(CONTENT[:7])
    again = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw", size=20, sha256=DIGEST)
    assert (again.upload_id, again.offset) == (first.upload_id, 7)


def test_what_is_stored_is_not_sent_again(deposit: Deposit) -> None:
    store(deposit)
    plan = start_upload(
        deposit_id=deposit.pk, actor=deposit.owner, path="scan.raw", size=len(CONTENT), sha256=DIGEST
    )
    assert plan.upload_id is None
    with pytest.raises(PathTakenError):
        start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="scan.raw", size=5, sha256=OTHER)


def test_the_same_bytes_under_two_names_are_stored_once(deposit: Deposit) -> None:
    first, second = store(deposit, "a.raw"), store(deposit, "b.raw")
    assert first.sha256 == second.sha256
    assert get_object_store().size(DIGEST) == len(CONTENT)


# Cut off at each step of the end, and run again.


def cut_before_adopting(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise PowerCutError

    monkeypatch.setattr(LocalObjectStore, "adopt", cut)


def cut_after_adopting(monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = LocalObjectStore.adopt

    def cut(store: LocalObjectStore, *words: Any, **more: Any) -> None:
        adopt(store, *words, **more)
        raise PowerCutError

    monkeypatch.setattr(LocalObjectStore, "adopt", cut)


def cut_while_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(**_: Any) -> None:
        raise PowerCutError

    monkeypatch.setattr(uploads, "record_event", cut)


@pytest.mark.parametrize("cut", [cut_before_adopting, cut_after_adopting, cut_while_recording])
@pytest.mark.parametrize("knows_the_digest", [True, False], ids=["hashed again", "hash state lost"])
def test_cut_anywhere_the_end_comes_once(
    deposit: Deposit, cut: Any, knows_the_digest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = send(deposit)
    with monkeypatch.context() as patched:
        cut(patched)
        with pytest.raises(PowerCutError):
            complete_upload(upload_id=upload_id, sha256=DIGEST)
    assert deposit.files.get().state == "uploading"
    # After the bytes moved nobody can hash them here: the digest was noted before.
    sha256 = DIGEST if knows_the_digest or upload_file(upload_id).exists() else ""
    data_file = complete_upload(upload_id=upload_id, sha256=sha256)
    again = complete_upload(upload_id=upload_id, sha256="")
    assert (data_file.state, data_file.sha256, again.pk) == ("stored", DIGEST, data_file.pk)
    assert b"".join(get_object_store().open_range(DIGEST)) == CONTENT
    assert not upload_file(upload_id).exists()
    assert AuditEvent.objects.filter(action="file.store").count() == 1


def test_bytes_that_are_not_the_promised_ones_are_kept_apart(deposit: Deposit) -> None:
    upload_id = send(deposit, sha256=OTHER)
    for _ in range(2):
        with pytest.raises(DigestMismatchError, match=DIGEST):
            complete_upload(upload_id=upload_id, sha256=DIGEST)
    assert deposit.files.get().state == "quarantined"
    finding = deposit.findings.get(code="digest_mismatch")
    assert finding.severity == "error"
    assert OTHER in finding.message
    plan = start_upload(
        deposit_id=deposit.pk, actor=deposit.owner, path="scan.raw", size=len(CONTENT), sha256=DIGEST
    )
    assert plan.upload_id not in {upload_id, None}
    assert store_again(plan.upload_id).state == "stored"
    assert not deposit.findings.filter(code="digest_mismatch").exists()


def store_again(upload_id: uuid.UUID | None) -> DataFile:
    assert upload_id is not None
    upload_file(upload_id).write_bytes(CONTENT)
    return complete_upload(upload_id=upload_id, sha256=DIGEST)


# Ending.


def test_a_cancelled_upload_is_gone_with_its_bytes(deposit: Deposit) -> None:
    upload_id = send(deposit)
    cancel_upload(upload_id=upload_id, actor=deposit.owner)
    assert (upload_file(upload_id).exists(), deposit.files.count()) == (False, 0)
    for end in (
        lambda: cancel_upload(upload_id=upload_id, actor=deposit.owner),
        lambda: complete_upload(upload_id=upload_id, sha256=DIGEST),
    ):
        with pytest.raises(UploadGoneError):
            end()


def test_a_stored_file_is_not_cancelled(deposit: Deposit) -> None:
    upload_id = send(deposit)
    complete_upload(upload_id=upload_id, sha256=DIGEST)
    with pytest.raises(UploadGoneError):
        cancel_upload(upload_id=upload_id, actor=deposit.owner)


def test_transfers_that_nobody_continues_expire_and_stored_files_stay(deposit: Deposit) -> None:
    abandoned, whole = send(deposit, "a.raw"), send(deposit, "b.raw")
    complete_upload(upload_id=whole, sha256=DIGEST)
    alive = send(deposit, "c.raw")
    past = timezone.now() - dt.timedelta(days=1)
    Upload.objects.exclude(pk=alive).update(expires_at=past)
    assert uploads.expire_uploads() == 1
    assert not upload_file(abandoned).exists()
    assert set(deposit.files.values_list("path", "state")) == {("b.raw", "stored"), ("c.raw", "uploading")}


def test_deleting_a_draft_takes_its_half_sent_bytes(deposit: Deposit) -> None:
    upload_id = send(deposit)
    delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    assert (upload_file(upload_id).exists(), Deposit.objects.count()) == (False, 0)


def test_the_quota_is_the_owners_whoever_sends(settings: Any) -> None:
    settings.QUOTA_BYTES = 10
    deposit, helper = make_deposit(), make_user(quota_bytes=10**9)
    with pytest.raises(QuotaExceededError):
        start_upload(deposit_id=deposit.pk, actor=helper, path="a.raw", size=11)


@pytest.mark.parametrize("content", [CONTENT, b"other bytes"], ids=["stored", "new"])
@pytest.mark.parametrize(
    ("state", "refusal"),
    [("published", DepositAlreadyPublishedError), ("processing", DepositBusyError)],
)
def test_no_bytes_are_promised_to_what_takes_no_files(
    deposit: Deposit, content: bytes, state: str, refusal: type[Exception]
) -> None:
    """Not even those that are there: what is being read, or published, is answered like that whatever is sent."""
    store(deposit)
    Deposit.objects.filter(pk=deposit.pk).update(state=state)
    path = "scan.raw" if content == CONTENT else "new.raw"
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(refusal):
        start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(content), sha256=digest)
