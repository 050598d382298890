"""Two promises for one path: the same one goes on, another does not end a running upload, and no file is a folder."""

import hashlib
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from repository.errors import (
    DigestMismatchError,
    PathClashError,
    PathTakenError,
    RepositoryError,
    UploadGoneError,
    UploadRunningError,
)
from repository.models import AuditEvent, DataFile, Deposit
from repository.services import uploads
from repository.services.deposits import delete_deposit
from repository.services.disk import PROMISE_LIFETIME
from repository.services.publishing import start_new_version
from repository.services.storage import get_object_store, upload_file
from repository.services.uploads import (
    UploadPlan,
    cancel_upload,
    complete_upload,
    delete_file,
    start_upload,
)
from tests.deposits import make_published
from tests.factories import make_deposit, make_user, store_file
from tests.patience import patient, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]
DIGESTS = [f"{number:064x}" for number in range(16)]
CONTENT = b"counts of a detector"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PATIENCE_S = patient(60)


@pytest.fixture
def deposit() -> Deposit:
    return make_deposit()


def promise(deposit: Deposit, path: str = "scan.raw", size: int = 20, **more: Any) -> UploadPlan:
    return start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=size, **more)


def begin(deposit: Deposit, path: str = "scan.raw", arrived: bytes = b"seven b", **more: Any) -> uuid.UUID:
    plan = promise(deposit, path, **more)
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(arrived)
    return plan.upload_id


def let_rest(upload_id: uuid.UUID) -> None:
    """Make it long ago that bytes came."""
    before = time.time() - PROMISE_LIFETIME.total_seconds() - 1
    os.utime(upload_file(upload_id), (before, before))


@pytest.mark.parametrize(
    "other", [{"size": 21}, {"sha256": DIGESTS[1]}, {}], ids=["size", "digest", "no digest"]
)
def test_other_bytes_do_not_end_a_running_upload(deposit: Deposit, other: dict[str, Any]) -> None:
    first = begin(deposit, sha256=DIGESTS[0])
    with pytest.raises(UploadRunningError) as refusal:
        promise(deposit, **other)
    assert refusal.value.details == {"upload": str(first)}
    assert deposit.owner.username in refusal.value.message
    assert "7 bytes of 20 bytes" in refusal.value.message
    assert upload_file(first).read_bytes() == b"seven b"
    again = promise(deposit, sha256=DIGESTS[0])
    assert (again.upload_id, again.offset) == (first, 7)


def test_it_is_ended_where_that_is_said_of_it(deposit: Deposit) -> None:
    first = begin(deposit, sha256=DIGESTS[0])
    with pytest.raises(UploadRunningError):
        promise(deposit, sha256=DIGESTS[1], replace=str(uuid.uuid4()))
    second = promise(deposit, sha256=DIGESTS[1], replace=str(first))
    assert second.upload_id not in {first, None}
    assert (second.offset, upload_file(first).exists()) == (0, False)
    with pytest.raises(UploadGoneError):
        complete_upload(upload_id=first, sha256=DIGESTS[0])
    event = AuditEvent.objects.get(action="upload.replace")
    assert (event.detail["upload"], event.detail["arrived"]) == (str(first), 7)


def test_what_rested_for_long_gives_way_with_a_note(deposit: Deposit) -> None:
    first = begin(deposit, sha256=DIGESTS[0])
    let_rest(first)
    second = promise(deposit, sha256=DIGESTS[1])
    assert second.upload_id not in {first, None}
    assert not upload_file(first).exists()
    finding = deposit.findings.get(code="upload_replaced")
    assert (finding.severity, finding.data_file) == ("info", deposit.files.get(path="scan.raw"))
    assert "7 bytes of 20 bytes" in finding.message


def test_a_refused_replacement_leaves_what_had_arrived(deposit: Deposit, settings: Any) -> None:
    first = begin(deposit, sha256=DIGESTS[0])
    settings.QUOTA_BYTES = 100
    with pytest.raises(Exception, match="exceed"):
        promise(deposit, size=101, replace=str(first))
    assert upload_file(first).read_bytes() == b"seven b"
    assert not AuditEvent.objects.filter(action="upload.replace").exists()


@pytest.mark.parametrize(
    ("first", "second"), [("x", "x/y"), ("x/y", "x"), ("a/b/c", "a/b"), ("a/b", "a/b/c/d")]
)
@pytest.mark.parametrize("is_stored", [True, False])
def test_no_file_is_a_folder(deposit: Deposit, first: str, second: str, is_stored: bool) -> None:
    if is_stored:
        store_file(deposit, first, b"stored")
    else:
        begin(deposit, first)
    with pytest.raises(PathClashError) as refusal:
        promise(deposit, second)
    assert first in refusal.value.message
    assert list(deposit.files.values_list("path", flat=True)) == [first]
    promise(deposit, f"{first}_2")
    promise(deposit, "100%/y")
    promise(deposit, "100")  # a percent sign stands for itself


def test_a_new_version_knows_what_it_holds_still() -> None:
    deposit = make_published().dataset.deposit
    path = deposit.files.get().path
    start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    with pytest.raises(PathClashError):
        promise(deposit, f"{path}/inner")
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path=path)
    assert deposit.files.filter(path=path, left_out_at__isnull=False).exists()
    promise(deposit, f"{path}/inner")
    with pytest.raises(PathClashError):
        promise(deposit, path)


def race(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run the calls at once, each with a connection of its own; return results and refusals."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(patient(30))
            return call()
        except PathTakenError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_many_promises_at_once_one_is_kept(deposit: Deposit) -> None:
    ended = race([partial(promise, deposit, sha256=digest) for digest in DIGESTS[:6]])
    kept = [one for one in ended if isinstance(one, UploadPlan)]
    assert len(kept) == 1
    assert all(isinstance(one, UploadRunningError) for one in ended if one is not kept[0])
    assert {one.details["upload"] for one in ended if one is not kept[0]} == {str(kept[0].upload_id)}
    assert DataFile.objects.get(deposit=deposit).upload.pk == kept[0].upload_id


def test_the_same_promise_many_times_at_once_is_one_upload(deposit: Deposit) -> None:
    ended = race([lambda: promise(deposit, sha256=DIGESTS[0])] * 6)
    assert {one.upload_id for one in ended} == {DataFile.objects.get(deposit=deposit).upload.pk}


def test_of_a_file_and_its_folder_at_once_one_is_kept(deposit: Deposit) -> None:
    paths = ["x", "x/y", "x", "x/y", "x/z/w", "x"]
    race([partial(promise, deposit, path, sha256=DIGESTS[0]) for path in paths])
    kept = set(deposit.files.values_list("path", flat=True))
    assert kept == {"x"} or ("x" not in kept and kept <= {"x/y", "x/z/w"})


def test_other_people_are_told_whose_upload_it_is(deposit: Deposit) -> None:
    helper = make_user("helping_hand")
    deposit.memberships.create(user=helper)
    start_upload(deposit_id=deposit.pk, actor=helper, path="scan.raw", size=20)
    with pytest.raises(UploadRunningError, match="helping_hand"):
        promise(deposit, size=21)


# The last byte of an upload, and a promise that takes its place.

HELD = DIGESTS[3]
STEPS = [
    pytest.param(uploads, "adopt_object", False, id="before the bytes move"),
    pytest.param(uploads, "adopt_object", True, id="after the bytes moved"),
    pytest.param(uploads, "_lock_upload", True, id="before it is written down"),
    pytest.param(uploads, "record_event", True, id="after it was written down"),
]


class Held:
    """The first call of a step, which waits until it may go on; later calls pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        first, step = threading.Lock(), getattr(owner, name)

        def call(*words: Any, **more: Any) -> Any:
            is_first = first.acquire(blocking=False)
            if is_first and not after:
                self.stop()
            result = step(*words, **more)
            if is_first and after:
                self.stop()
            return result

        monkeypatch.setattr(owner, name, call)

    def stop(self) -> None:
        self.reached.set()
        assert self.go_on.wait(PATIENCE_S)


def attempt(call: Callable[[], Any]) -> Any:
    """Return what a call on a connection of its own gives; what it raises is a result too, if it is one of ours."""
    try:
        return call()
    except RepositoryError as refusal:
        return refusal
    finally:
        connection.close()


def wait_until_ended_or_locked(call: Future[Any]) -> None:
    def is_locked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0])

    wait_until(lambda: call.done() or is_locked(), "it neither ends nor waits")


@pytest.mark.parametrize(("owner", "step", "after"), STEPS)
@pytest.mark.parametrize(
    "declared", ["", DIGEST, HELD], ids=["no promise", "as promised", "other than promised"]
)
def test_a_file_that_was_acknowledged_is_not_replaced(
    deposit: Deposit, monkeypatch: pytest.MonkeyPatch, owner: Any, step: str, *, after: bool, declared: str
) -> None:
    first = begin(deposit, size=len(CONTENT), arrived=CONTENT, sha256=declared)
    held = Held(monkeypatch, owner, step, after=after)
    with ThreadPoolExecutor(2) as pool:
        ending = pool.submit(attempt, partial(complete_upload, upload_id=first, sha256=DIGEST))
        assert held.reached.wait(PATIENCE_S)
        replacing = pool.submit(attempt, partial(promise, deposit, sha256=DIGESTS[1], replace=str(first)))
        wait_until_ended_or_locked(replacing)
        held.go_on.set()
        ended, replaced = ending.result(PATIENCE_S), replacing.result(PATIENCE_S)
    data_file = deposit.files.get()
    if isinstance(ended, DataFile):
        assert isinstance(replaced, PathTakenError)
        assert (data_file.pk, data_file.state, data_file.sha256) == (ended.pk, "stored", DIGEST)
        assert b"".join(get_object_store().open_range(DIGEST)) == CONTENT
    else:
        assert isinstance(ended, UploadGoneError | DigestMismatchError), ended
        assert isinstance(replaced, UploadPlan), replaced
        assert (data_file.state, data_file.upload.pk) == ("uploading", replaced.upload_id)


@pytest.mark.parametrize("end", ["cancelled", "deleted with its deposit"])
@pytest.mark.parametrize("after", [False, True], ids=["before the bytes move", "after the bytes moved"])
def test_an_upload_that_ends_at_its_last_byte_is_gone(
    deposit: Deposit, monkeypatch: pytest.MonkeyPatch, end: str, *, after: bool
) -> None:
    first = begin(deposit, size=len(CONTENT), arrived=CONTENT)
    held = Held(monkeypatch, uploads, "adopt_object", after=after)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(attempt, partial(complete_upload, upload_id=first, sha256=DIGEST))
        assert held.reached.wait(PATIENCE_S)
        if end == "cancelled":
            cancel_upload(upload_id=first, actor=deposit.owner)
        else:
            delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
        held.go_on.set()
        assert isinstance(ending.result(PATIENCE_S), UploadGoneError)


def test_the_last_byte_answered_twice_at_once_is_one_file(
    deposit: Deposit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin(deposit, size=len(CONTENT), arrived=CONTENT)
    held = Held(monkeypatch, uploads, "_lock_upload", after=False)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(attempt, partial(complete_upload, upload_id=first, sha256=DIGEST))
        assert held.reached.wait(PATIENCE_S)
        assert complete_upload(upload_id=first, sha256="").state == "stored"
        held.go_on.set()
        assert ending.result(PATIENCE_S).state == "stored"
    assert AuditEvent.objects.filter(action="file.store").count() == 1
