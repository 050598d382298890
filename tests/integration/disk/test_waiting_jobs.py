"""A job that finds no room waits, says so, keeps its attempts, and goes on when there is room."""

import datetime as dt
import errno
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from confined import runs
from confined.runs import attempt_folder, run_over_files
from confined.sandbox import SandboxError
from confined.sandbox.outcomes import describe_disk_full, describe_exit
from confined.sandbox.resource_limits import Limits
from repository.errors import DiskFullError, TransientError
from repository.models import Job
from repository.models.job_order import LONGEST_PAUSE
from repository.services import disk
from repository.services.jobs import ClaimedJob, claim_job, create_job
from repository.services.storage import work_folder
from repository.tasks import job_kinds
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from tests.factories import make_deposit
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the reasons for which jobs ended for good."""
    monkeypatch.setattr(job_kinds, "_kinds", {})
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)
    return []


@pytest.fixture
def handle(failures: list[str]) -> Callable[[Callable[[ClaimedJob, JobProgress], Apply]], None]:
    def register(work: Callable[[ClaimedJob, JobProgress], Apply]) -> None:
        register_kind(
            "test",
            JobKind(work=work, apply_failure=lambda _claim, reason: failures.append(reason), lane="short"),
        )

    return register


def raising(fault: Exception) -> Callable[[ClaimedJob, JobProgress], Apply]:
    def work(_claim: ClaimedJob, _progress: JobProgress) -> Apply:
        raise fault

    return work


def full(number: int = errno.ENOSPC) -> OSError:
    return OSError(number, os.strerror(number))


FAULTS = [DiskFullError("No room."), full(), full(errno.EDQUOT), full(errno.EROFS),
          OperationalError("could not extend file: No space left on device")]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{type(fault).__name__} {fault}"[:40])
def test_a_disk_that_is_full_for_long_uses_up_no_attempts(
    handle: Any, failures: list[str], fault: Exception
) -> None:
    handle(raising(fault))
    job = create_job(kind="test", target="a")
    shortest, longest = [], []  # between its begin and what is left of it now, however long a try takes
    for _ in range(40):
        begin = timezone.now()
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        run_job(str(job.pk))
        job.refresh_from_db()
        assert (job.state, failures) == ("queued", [])
        assert job.message.startswith("Waiting for the disk: ")
        assert "It goes on by itself." in job.message
        shortest.append(job.not_before - timezone.now())
        longest.append(job.not_before - begin)
    assert shortest[0] < dt.timedelta(seconds=3)
    assert longest[0] > dt.timedelta(seconds=1)
    assert shortest[-1] <= LONGEST_PAUSE
    assert longest[-1] > LONGEST_PAUSE - dt.timedelta(seconds=30)
    assert job.max_attempts - job.attempt == 5, "as many as a new job has"
    handle(lambda _claim, _progress: lambda: None)
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.reason, job.message) == ("done", "", "")


def test_while_the_disk_is_short_whatever_goes_wrong_is_laid_to_that(
    handle: Any, failures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in (ValueError("a library's own words"), TransientError("could not be compiled")):
        handle(raising(fault))
        job = create_job(kind="test", target=str(fault), max_attempts=1)
        with monkeypatch.context() as patched:
            patched.setattr(disk, "read_free_bytes", lambda _folder: 0)
            run_job(str(job.pk))
        job.refresh_from_db()
        assert (job.state, failures) == ("queued", [])
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        run_job(str(job.pk))
        job.refresh_from_db()
        assert job.state == "failed", "with room, it is the fault that counts"
        failures.clear()


def test_the_owner_reads_in_page_and_job_that_it_waits(handle: Any, client: Any) -> None:
    handle(
        raising(
            DiskFullError("The server's disk has too little room: 3.0 GB are needed, 1.2 GB can be given.")
        )
    )
    deposit = make_deposit()
    job = create_job(kind="test", target="a", deposit=deposit)
    run_job(str(job.pk))
    client.force_login(deposit.owner)
    body = client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert body["state"] == "queued"
    assert "3.0 GB are needed, 1.2 GB can be given" in body["message"]
    type(deposit).objects.filter(pk=deposit.pk).update(state="processing")
    page = client.get(f"/deposits/{deposit.pk}/progress").content.decode()
    assert "3.0 GB are needed, 1.2 GB can be given" in page


# What happens around the confined run.


def claim_inspection() -> ClaimedJob:
    deposit = make_deposit()
    job = create_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    claim = claim_job(job_id=job.pk)
    assert claim is not None
    return claim


def run_failing(error: SandboxError, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(runs, "run_confined", fail)
    claim = claim_inspection()
    with attempt_folder(claim) as output:
        (output / "half").write_bytes(b"a result")
        run_over_files(
            program="p:main", request={}, digests={}, output=output, on_message=lambda _message: None
        )


def test_a_run_that_found_no_room_waits_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DiskFullError):
        run_failing(describe_disk_full(), monkeypatch)
    assert list(work_folder("attempts").iterdir()) == []


def test_a_crash_on_a_short_disk_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = describe_exit(-11, 1.0, Limits(), "")
    with pytest.raises(type(crash)):
        run_failing(crash, monkeypatch)
    room = [10**12]

    def fill(*_: Any) -> int:
        return room[0]

    monkeypatch.setattr(disk, "read_free_bytes", fill)

    def crash_on_a_full_disk(**_: Any) -> dict[str, Any]:
        room[0] = 0
        raise crash

    monkeypatch.setattr(runs, "run_confined", crash_on_a_full_disk)
    claim = claim_inspection()
    with attempt_folder(claim) as output, pytest.raises(DiskFullError):
        run_over_files(
            program="p:main", request={}, digests={}, output=output, on_message=lambda _message: None
        )


def test_nothing_is_begun_that_would_touch_the_reserve(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DISK_RESERVE_BYTES = 10**9
    claim = claim_inspection()
    monkeypatch.setattr(disk, "read_free_bytes", lambda _folder: 10**9 + 10)
    with pytest.raises(DiskFullError), attempt_folder(claim):
        pytest.fail("it began")


def test_a_confined_run_is_stopped_at_the_reserve(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DISK_RESERVE_BYTES = 123_456_789
    seen: list[Limits] = []

    def note(*, limits: Limits, **_: Any) -> dict[str, Any]:
        seen.append(limits)
        return {}

    monkeypatch.setattr(runs, "run_confined", note)
    claim = claim_inspection()
    with attempt_folder(claim) as output:
        run_over_files(
            program="p:main", request={}, digests={}, output=output, on_message=lambda _message: None
        )
    assert [limits.free_bytes for limits in seen] == [123_456_789]
