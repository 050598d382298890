"""Two promises for one path: the same one goes on, another does not end a running upload, and no file is a folder."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from repository.errors import PathClashError, PathTakenError, UploadGoneError, UploadRunningError
from repository.models import AuditEvent, DataFile, Deposit
from repository.services.disk import PROMISE_LIFETIME
from repository.services.publishing import start_new_version
from repository.services.storage import upload_file
from repository.services.uploads import (
    UploadPlan,
    complete_upload,
    delete_file,
    start_upload,
)
from tests.deposits import make_published
from tests.factories import make_deposit, make_user, store_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]
DIGESTS = [f"{number:064x}" for number in range(16)]


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
            start.wait(30)
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
