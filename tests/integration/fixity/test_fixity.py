"""Stored bytes are read again, by and by; what is not good is written down once, and taken back when it is."""

import datetime as dt
import hashlib
import os
from typing import Any

import pytest
from django.utils import timezone

from repository.errors import DigestMismatchError as WrongBytesError
from repository.errors import NotPublishableError, UploadGoneError
from repository.models import ArrayObject, AuditEvent, DataFile, Job, StoredObject
from repository.models.revision import read_description
from repository.selectors.datasets import describe_dataset
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import NOBODY, Visitor
from repository.services.checked_reading import BrokenObjectError, CheckedReading
from repository.services.fixity import check_object, list_due
from repository.services.publishing import publish_deposit, start_new_version
from repository.services.storage import ObjectStoreUnavailableError, get_object_store, upload_file
from repository.services.uploads import cancel_upload, complete_upload, start_upload
from repository.tasks.fixity import KIND
from repository.workflows.fixity import start_fixity_round
from tests.deposits import make_published, make_ready, publish, settle
from tests.factories import store_bytes
from tests.integration.fixity.objects import age, events, locate, rot, row, unmount
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lanes for which somebody rings; no worker hears it, the tests do the jobs themselves."""
    lanes: list[str] = []
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda _, lane: lanes.append(lane))
    return lanes


def test_damage_is_written_down_once_and_taken_back_by_the_operator(witness: str) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    assert check_object(sha256) == ""
    assert row(sha256).verified_at is not None
    former = row(sha256).verified_at
    rot(sha256)
    for _ in range(2):
        assert "sha256" in check_object(sha256)
    damaged = row(sha256)
    assert damaged.damaged_at is not None
    assert damaged.verified_at == former
    assert damaged.damage.startswith(f"It ({damaged.size} bytes) now has the sha256 "), damaged.damage
    assert events("object.damage", sha256) == 1
    locate(sha256).write_bytes(b"counts of a detector")
    assert check_object(sha256) == ""
    assert (row(sha256).damaged_at, row(sha256).damage) == (None, "")
    assert events("object.mend", sha256) == 1


@pytest.mark.parametrize("content", [b"counts", b"counts of a detector and more", b""])
def test_another_size_is_damage(witness: str, content: bytes) -> None:
    sha256, size = store_bytes(b"counts of a detector")
    locate(sha256).chmod(0o644)
    locate(sha256).write_bytes(content)
    with pytest.raises(BrokenObjectError, match=f"{len(content)} bytes instead of {size}"):
        CheckedReading(sha256, size=size).next_block()
    assert check_object(sha256)


def test_a_missing_object_is_damage_but_a_store_that_is_away_is_none(witness: str) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    locate(sha256).unlink()
    assert check_object(sha256) == "It is missing."
    assert row(sha256).damaged_at is not None
    third, _ = store_bytes(b"a third one")
    unmount()
    with pytest.raises(ObjectStoreUnavailableError, match="mounted"):
        check_object(third)
    assert row(third).damaged_at is None


def test_what_is_read_as_a_whole_ends_before_its_last_block_where_it_is_not_good(witness: str) -> None:
    content = os.urandom(9_000_000)
    sha256, size = store_bytes(content)
    assert b"".join(CheckedReading(sha256, size=size)) == content
    assert b"".join(CheckedReading(sha256, size=size, start=5, stop=8_000_000)) == content[5:8_000_000]
    rot(sha256)
    received: list[bytes] = []
    with pytest.raises(BrokenObjectError):
        received.extend(CheckedReading(sha256, size=size))
    assert 0 < sum(len(block) for block in received) < size
    # Of a part there is no digest; it is given out as it is.
    assert len(b"".join(CheckedReading(sha256, size=size, start=0, stop=10))) == 10


def test_an_empty_object_is_read_as_such() -> None:
    sha256, size = store_bytes(b"")
    assert list(CheckedReading(sha256, size=size)) == []


def test_what_was_read_the_longest_time_ago_comes_first_and_fresh_bytes_rest_for_a_day(settings: Any) -> None:
    settings.FIXITY_CYCLE = dt.timedelta(days=90)
    fresh, unread, old, older, known = (store_bytes(f"object {name}".encode())[0] for name in "abcde")
    StoredObject.objects.filter(pk=unread).update(touched_at=timezone.now() - dt.timedelta(days=2))
    age(old, days=100)
    age(older, days=200)
    age(known, days=80)
    assert [sha256 for sha256, _ in list_due(most=10)] == [unread, older, old]
    assert [sha256 for sha256, _ in list_due(most=2)] == [unread, older]
    rot(older)
    check_object(older)
    assert [sha256 for sha256, _ in list_due(most=10)] == [unread, old]
    assert fresh not in dict(list_due(most=10))


def run_round() -> None:
    start_fixity_round()
    job = Job.objects.get(kind=KIND, state="queued")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == "done", job.reason


@pytest.mark.django_db(transaction=True)
def test_a_round_keeps_to_its_share_and_the_next_goes_on(settings: Any) -> None:
    settings.FIXITY_ROUND_BYTES = 250
    digests = [store_bytes(bytes([number]) * 100)[0] for number in range(5)]
    for number, sha256 in enumerate(digests):
        age(sha256, days=400 - number)
    rot(digests[1])
    left = []
    for _ in range(3):
        run_round()
        left.append(len(list_due(most=10)))
    assert left == [3, 1, 0]
    assert [row(sha256).damaged_at is not None for sha256 in digests] == [False, True, False, False, False]
    start_fixity_round()
    assert not Job.objects.filter(kind=KIND, state="queued").exists(), "nothing is due any more"


@pytest.mark.django_db(transaction=True)
def test_an_object_larger_than_a_round_has_one_of_its_own(settings: Any) -> None:
    settings.FIXITY_ROUND_BYTES = 50
    sha256, _ = store_bytes(bytes(100))
    age(sha256)
    run_round()
    assert list_due(most=10) == []


def test_one_round_at_a_time_and_none_where_it_is_switched_off(settings: Any) -> None:
    sha256, _ = store_bytes(b"due")
    age(sha256)
    settings.FIXITY_ROUND_BYTES = 0
    start_fixity_round()
    assert Job.objects.count() == 0
    settings.FIXITY_ROUND_BYTES = 1000
    start_fixity_round()
    start_fixity_round()
    job = Job.objects.get(kind=KIND)
    assert (job.lane, job.depositor) == ("long", 0)


@pytest.mark.django_db(transaction=True)
def test_a_round_is_rung_for_at_once(rung: list[str]) -> None:
    age(store_bytes(b"due")[0])
    start_fixity_round()
    assert rung == ["long"]


def test_rows_of_former_rounds_go_after_a_week(settings: Any) -> None:
    for days in (1, 8):
        Job.objects.create(
            kind=KIND, target="store", state="done", finished_at=timezone.now() - dt.timedelta(days=days)
        )
    start_fixity_round()
    assert Job.objects.filter(kind=KIND).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_round_over_a_store_that_is_away_blames_no_object(settings: Any) -> None:
    digests = [store_bytes(bytes([number]))[0] for number in range(4)]
    age(*digests)
    unmount()
    start_fixity_round()
    run_job(str(Job.objects.get(kind=KIND).pk))
    assert Job.objects.get(kind=KIND).state == "queued", "it is tried again"
    assert not StoredObject.objects.filter(damaged_at__isnull=False).exists()


def test_bringing_the_bytes_again_mends_them_wherever_they_come_from(witness: str) -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    rot(sha256)
    check_object(sha256)
    store_bytes(b"counts of a detector")
    assert row(sha256).damaged_at is None
    assert locate(sha256).read_bytes() == b"counts of a detector"


def test_bytes_that_nobody_knows_to_be_damaged_are_mended_too() -> None:
    sha256, _ = store_bytes(b"counts of a detector")
    rot(sha256)
    store_bytes(b"counts of a detector")
    assert locate(sha256).read_bytes() == b"counts of a detector"


@pytest.fixture
def damaged_file(witness: str) -> DataFile:
    """Return the file of a published deposit whose next version is begun; its bytes are known to be damaged."""
    version = make_published()
    deposit = version.dataset.deposit
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    data_file = DataFile.objects.get(deposit=deposit)
    rot(data_file.sha256)
    check_object(data_file.sha256)
    return data_file


def test_the_same_file_is_taken_once_more_where_its_bytes_are_damaged(damaged_file: DataFile) -> None:
    deposit, content = damaged_file.deposit, b"frames of scan.raw"
    promise: dict[str, Any] = {
        "deposit_id": deposit.pk,
        "actor": deposit.owner,
        "path": damaged_file.path,
        "size": len(content),
        "sha256": damaged_file.sha256,
    }
    plan = start_upload(**promise)
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(content[:5])
    again = start_upload(**promise)
    assert (again.upload_id, again.offset) == (plan.upload_id, 5)
    upload_file(plan.upload_id).write_bytes(content)
    complete_upload(upload_id=plan.upload_id, sha256=damaged_file.sha256)
    assert row(damaged_file.sha256).damaged_at is None
    assert start_upload(**promise).upload_id is None
    fresh = DataFile.objects.get(pk=damaged_file.pk)
    assert (fresh.state, fresh.stored_at) == (damaged_file.state, damaged_file.stored_at)


def test_other_bytes_mend_nothing_and_are_not_kept(damaged_file: DataFile) -> None:
    deposit, wrong = damaged_file.deposit, b"W" * damaged_file.size
    sha256 = hashlib.sha256(wrong).hexdigest()
    promise: dict[str, Any] = {
        "deposit_id": deposit.pk,
        "actor": deposit.owner,
        "path": damaged_file.path,
        "size": len(wrong),
        "sha256": damaged_file.sha256,
    }
    plan = start_upload(**promise)
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(wrong)
    with pytest.raises(WrongBytesError, match=sha256):
        complete_upload(upload_id=plan.upload_id, sha256=sha256)
    assert not StoredObject.objects.filter(pk=sha256).exists()
    assert not get_object_store().exists(sha256)
    assert not upload_file(plan.upload_id).exists()
    assert not AuditEvent.objects.filter(action="file.mend").exists()
    event = AuditEvent.objects.get(action="upload.mismatch")
    assert (event.detail["sha256"], event.detail["promised"]) == (sha256, damaged_file.sha256)
    with pytest.raises(UploadGoneError):
        complete_upload(upload_id=plan.upload_id, sha256="")
    assert row(damaged_file.sha256).damaged_at is not None
    again = start_upload(**promise)
    assert again.offset == 0
    assert again.upload_id not in {None, plan.upload_id}


def test_a_transfer_that_was_to_mend_a_file_may_be_cancelled(damaged_file: DataFile) -> None:
    plan = start_upload(
        deposit_id=damaged_file.deposit_id,
        actor=damaged_file.deposit.owner,
        path=damaged_file.path,
        size=damaged_file.size,
        sha256=damaged_file.sha256,
    )
    assert plan.upload_id is not None
    cancel_upload(upload_id=plan.upload_id, actor=None)
    assert DataFile.objects.filter(pk=damaged_file.pk).exists()


def test_pages_and_api_say_it_beside_the_file(damaged_file: DataFile) -> None:
    (draft,) = describe_deposit(Visitor(damaged_file.deposit.owner), damaged_file.deposit).files
    assert (draft.state, draft.damaged_at is not None) == ("quarantined", True)
    version = damaged_file.published_in.get().version
    (published,) = describe_dataset(NOBODY, read_description(version)).files
    assert published.damaged_at is not None
    locate(damaged_file.sha256).write_bytes(b"frames of scan.raw")
    check_object(damaged_file.sha256)
    (draft,) = describe_deposit(Visitor(damaged_file.deposit.owner), damaged_file.deposit).files
    assert (draft.state, draft.damaged_at) == ("stored", None)


@pytest.mark.parametrize("what", ["file", "array"])
def test_a_draft_with_damaged_bytes_is_not_published(witness: str, what: str) -> None:
    deposit = make_ready()
    if what == "file":
        sha256 = DataFile.objects.get(deposit=deposit).sha256
    else:
        sha256 = ArrayObject.objects.filter(signal__measurement__deposit=deposit)[0].sha256
    content = locate(sha256).read_bytes()
    rot(sha256)
    check_object(sha256)
    with pytest.raises(NotPublishableError) as caught:
        publish_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    (finding,) = [found for found in caught.value.findings if found.code == f"damaged_{what}"]
    assert "scan.raw" in finding.message
    locate(sha256).write_bytes(content)
    check_object(sha256)
    publish(settle(deposit))
