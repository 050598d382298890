"""Room is given once: to uploads that still receive bytes and to conversions, in numbers that the test gives."""

import os
import threading
import time
import uuid
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from api.health import PROBES
from repository.errors import DiskFullError
from repository.models import Deposit, Job, Upload
from repository.services import disk
from repository.services.disk import (
    PROMISE_LIFETIME,
    RESULT_SHARE,
    WAITING,
    describe_short_room,
    explain_fault,
    require_room_for_job,
)
from repository.services.jobs import claim_job, create_job
from repository.services.storage import upload_file
from repository.services.uploads import (
    complete_upload,
    record_offset,
    renew_promise,
    start_upload,
)
from tests.factories import make_deposit, make_measurement, make_user, store_file

pytestmark = pytest.mark.usefixtures("stemma_home", "room")

MB = 10**6
RESERVE = 500 * MB


@pytest.fixture
def room(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what says how many bytes are free above the reserve; 100 MB at first."""
    settings.DISK_RESERVE_BYTES = RESERVE

    def say(count: int) -> None:
        monkeypatch.setattr(disk, "read_free_bytes", lambda _folder: RESERVE + count)

    say(100 * MB)
    return say


def promise(deposit: Deposit, path: str, size: int) -> uuid.UUID:
    plan = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=size)
    assert plan.upload_id is not None
    return plan.upload_id


def let_rest(upload_id: uuid.UUID) -> None:
    """Make an upload look as if it had received nothing for long."""
    past = time.time() - PROMISE_LIFETIME.total_seconds() - 1
    os.utime(upload_file(upload_id), (past, past))


@pytest.mark.django_db
def test_more_than_there_is_room_for_is_refused_before_a_byte_is_sent() -> None:
    deposit = make_deposit()
    with pytest.raises(DiskFullError, match=r"2\.0 GB are needed, 100 MB can be given") as refusal:
        promise(deposit, "scan.raw", 2000 * MB)
    assert refusal.value.hint
    assert not deposit.files.exists()
    promise(deposit, "scan.raw", 100 * MB)


@pytest.mark.django_db
def test_what_others_are_promised_is_counted_whoever_they_are() -> None:
    first, second = make_deposit(), make_deposit()
    upload_id = promise(first, "a.raw", 60 * MB)
    with pytest.raises(DiskFullError, match=r"40\.0 MB can be given \(60\.0 MB are promised to others\)"):
        promise(second, "b.raw", 60 * MB)
    with upload_file(upload_id).open("r+b") as file:
        file.truncate(30 * MB)  # the disk has them now: they are no longer promised, and no longer free
    record_offset(upload_id=upload_id, offset=30 * MB)
    promise(second, "b.raw", 60 * MB)


@pytest.mark.django_db
def test_the_same_promise_is_not_counted_twice() -> None:
    deposit = make_deposit()
    assert promise(deposit, "a.raw", 80 * MB) == promise(deposit, "a.raw", 80 * MB)


@pytest.mark.django_db
def test_what_is_stored_or_cancelled_is_promised_no_longer() -> None:
    deposit = make_deposit()
    upload_id = promise(deposit, "a.raw", 5)
    upload_file(upload_id).write_bytes(b"bytes")
    complete_upload(upload_id=upload_id, sha256="c" * 64)
    promise(deposit, "b.raw", 100 * MB)


@pytest.mark.django_db
def test_an_abandoned_promise_keeps_nobody_away_and_asks_again_when_it_goes_on(room: Any) -> None:
    first, second = make_deposit(), make_deposit()
    abandoned = promise(first, "a.raw", 90 * MB)
    upload_file(abandoned).write_bytes(b"12345")
    let_rest(abandoned)
    other = promise(second, "b.raw", 80 * MB)
    for go_on in (
        lambda: renew_promise(upload_id=abandoned, size=90 * MB),
        lambda: promise(first, "a.raw", 90 * MB),
    ):
        with pytest.raises(DiskFullError, match=r"90\.0 MB are needed, 20\.0 MB can be given"):
            go_on()
    assert upload_file(abandoned).read_bytes() == b"12345", "what arrived is kept"
    assert Upload.objects.filter(pk=abandoned).exists()
    let_rest(other)
    renew_promise(upload_id=abandoned, size=90 * MB)
    with pytest.raises(DiskFullError):
        promise(make_deposit(), "c.raw", 80 * MB)


@pytest.mark.django_db
def test_a_refused_replacement_leaves_the_former_upload_as_it_was() -> None:
    deposit = make_deposit()
    first = promise(deposit, "a.raw", 50 * MB)
    upload_file(first).write_bytes(b"12345")
    with pytest.raises(DiskFullError):
        start_upload(
            deposit_id=deposit.pk, actor=deposit.owner, path="a.raw", size=200 * MB, replace=str(first)
        )
    assert upload_file(first).read_bytes() == b"12345"
    assert promise(deposit, "a.raw", 50 * MB) == first


@pytest.mark.django_db
def test_running_conversions_are_counted_and_waiting_ones_are_not() -> None:
    deposit = make_deposit()
    job = make_conversion(deposit, size=50 * MB)
    with pytest.raises(DiskFullError, match="promised to others"):
        promise(deposit, "b.raw", int(100 * MB - RESULT_SHARE * 50 * MB) + 1)
    Job.objects.filter(pk=job.pk).update(message=f"{WAITING}: …")
    promise(deposit, "b.raw", 100 * MB)


def make_conversion(deposit: Deposit, *, size: int) -> Job:
    """Return a conversion of a file that claims to have so many bytes."""
    data_file = store_file(deposit, f"{uuid.uuid4().hex}.raw", uuid.uuid4().bytes)
    type(data_file).objects.filter(pk=data_file.pk).update(size=size)
    measurement = make_measurement(deposit, data_file)
    return create_job(kind="convert_measurement", target=measurement.pk, deposit=deposit)


@pytest.mark.django_db
def test_a_conversion_needs_room_beside_uploads_and_earlier_conversions() -> None:
    deposit = make_deposit()
    first, second = (make_conversion(deposit, size=60 * MB) for _ in range(2))
    for job in (first, second):
        assert claim_job(job_id=job.pk) is not None
    require_room_for_job(job_id=first.pk)
    with pytest.raises(DiskFullError, match=r"60\.0 MB are needed, 40\.0 MB can be given"):
        require_room_for_job(job_id=second.pk)
    Job.objects.filter(pk=first.pk).update(fraction=0.5)
    require_room_for_job(job_id=second.pk)
    Job.objects.filter(pk=first.pk).update(state="done", lease_until=None)
    promise(deposit, "b.raw", 30 * MB)
    require_room_for_job(job_id=second.pk)
    Job.objects.filter(pk=second.pk).update(message=f"{WAITING}: …")
    promise(deposit, "c.raw", 30 * MB)
    with pytest.raises(DiskFullError):
        require_room_for_job(job_id=second.pk)


@pytest.mark.django_db
def test_the_page_tells_before_files_are_chosen(room: Any, client: Any) -> None:
    deposit = make_deposit()
    client.force_login(deposit.owner)

    def read_page() -> str:
        return str(client.get(f"/deposits/{deposit.pk}").content.decode())

    room(50_000 * MB)
    assert "disk" not in describe_short_room()
    assert "disk is" not in read_page()
    room(100 * MB)
    promise(deposit, "a.raw", 40 * MB)
    assert "takes about 60.0 MB more" in read_page()
    room(0)
    assert "no files can be taken just now" in read_page()


@pytest.mark.django_db
def test_readiness_and_metrics_tell_the_numbers(room: Any, client: Any, settings: Any) -> None:
    settings.OPERATOR_NETWORKS = (ip_network("127.0.0.1"),)
    part = PROBES["disk"]()
    assert (part.is_ok, part.detail) == (True, "")
    assert part.numbers == {"free": RESERVE + 100 * MB, "reserve": RESERVE}
    room(disk.LEAST_JOB_BYTES - 1)
    part = PROBES["disk"]()
    assert not part.is_ok
    assert "500 MB are kept in reserve" in part.detail
    metrics = client.get("/metrics").content.decode()
    assert (
        f'stemma_disk_free_bytes{{folders="uploads,objects,work"}} {RESERVE + disk.LEAST_JOB_BYTES - 1}'
        in metrics
    )
    assert f'stemma_disk_reserve_bytes{{folders="uploads,objects,work"}} {RESERVE}' in metrics


@pytest.mark.django_db
def test_readiness_names_the_folder_that_cannot_be_written(
    stemma_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stemma_home / "uploads").mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "uploads")
    part = PROBES["disk"]()
    assert (part.is_ok, part.detail) == (False, "Cannot be written to: uploads.")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/deposits/", "/deposits/"])
def test_a_full_disk_under_the_database_is_called_by_its_name(
    client: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    client.force_login(make_user())

    def write_on_a_full_disk(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )

    for module in ("frontend.views.deposits", "api.v1.deposits"):
        monkeypatch.setattr(f"{module}.list_deposit_page", write_on_a_full_disk)
    answer = client.get(address)
    assert answer.status_code == 507
    assert answer["Retry-After"] == str(disk.RETRY_AFTER_S)
    text = answer.content.decode()
    assert "disk is full" in text
    assert "does not answer" not in text


@pytest.mark.django_db(transaction=True)
def test_many_promises_at_once_do_not_pass_together() -> None:
    deposits = [make_deposit() for _ in range(8)]
    start, outcomes = threading.Barrier(len(deposits)), []

    def ask(deposit: Deposit) -> None:
        try:
            start.wait()
            promise(deposit, "a.raw", 30 * MB)
            outcomes.append("promised")
        except DiskFullError:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(deposit,)) for deposit in deposits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["promised"] * 3 + ["refused"] * 5


@pytest.mark.django_db
def test_a_real_refusal_of_the_database_is_explained() -> None:
    with pytest.raises(Exception, match="extend") as caught, connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'cannot extend' USING ERRCODE = '53100'; END $$")
    assert isinstance(explain_fault(caught.value), DiskFullError)
