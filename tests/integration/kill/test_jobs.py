"""What becomes of one job row: poison, lost leases, a database that is away when the work is done."""

import datetime as dt
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

import processing.tasks  # noqa: F401 - registers the kinds of jobs
from repository.errors import LeaseLostError
from repository.models import Finding, Job, Measurement
from repository.services.jobs import claim_job, complete_job, extend_lease, list_jobs_to_announce, lock_claim
from repository.tasks import jobs, maintenance
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from tests.factories import make_deposit, make_measurement, store_file
from tests.job_running import run_job
from tests.patience import patient
from tests.ties import tie

pytestmark = pytest.mark.django_db(transaction=True)
CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Return the jobs of which the broker is told; there is no broker here."""
    announced: list[uuid.UUID] = []

    def announce(job: uuid.UUID, _lane: str) -> bool:
        announced.append(job)
        return True

    monkeypatch.setattr(maintenance, "announce_job", announce)
    # Neighbouring tests ring bells that nobody answers.
    monkeypatch.setattr(maintenance, "list_unheard_bells", list)
    return announced


@pytest.fixture
def failures() -> list[str]:
    """Make the kind `poison` known and return the reasons that its domain is told."""
    reasons: list[str] = []

    def work(_claim: Any, _progress: JobProgress) -> Apply:
        return lambda: None

    register_kind(
        "poison", JobKind(work=work, apply_failure=lambda _, reason: reasons.append(reason), lane="short")
    )
    return reasons


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(
        lease_until=timezone.now() - dt.timedelta(seconds=1), published_at=None
    )


def die_over(job: Job) -> int:
    """Let a real process take the job and die; return how it ended."""
    database = connection.settings_dict
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    environment = {**os.environ, "DATABASE_URL": address, "PYTHONPATH": str(CHECKOUT)}
    environment["DJANGO_SETTINGS_MODULE"] = "project.settings"
    script = Path(__file__).with_name("dying_worker.py")
    return subprocess.run(
        tie(sys.executable, script, str(job.pk)), env=environment, check=False, timeout=patient(60)
    ).returncode


def test_job_that_kills_every_worker_ends_as_failed(told: list[uuid.UUID], failures: list[str]) -> None:
    job = Job.objects.create(kind="poison", target="x", max_attempts=2)
    for attempt in (1, 2):
        assert die_over(job) == -signal.SIGKILL
        job.refresh_from_db()
        assert (job.state, job.attempt) == (Job.State.RUNNING, attempt)
        expire(job)
        told.clear()
        maintenance.reconcile()
        assert told == ([job.pk] if attempt == 1 else [])
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "died each time" in job.reason
    assert failures == [job.reason]
    maintenance.reconcile()
    assert len(failures) == 1


@pytest.mark.usefixtures("told", "stemma_home")
def test_measurement_that_kills_every_worker_says_so() -> None:
    deposit = make_deposit()
    measurement = make_measurement(deposit, store_file(deposit, "a.raw", b"a"), state="opened")
    type(deposit).objects.filter(pk=deposit.pk).update(state="processing")
    job = Job.objects.create(
        kind="convert_measurement",
        target=measurement.pk,
        deposit=deposit,
        state=Job.State.RUNNING,
        attempt=5,
        lease_until=timezone.now() - dt.timedelta(seconds=1),
    )
    maintenance.reconcile()
    job.refresh_from_db()
    measurement.refresh_from_db()
    deposit.refresh_from_db()
    assert (job.state, measurement.state) == (Job.State.FAILED, Measurement.State.FAILED)
    finding = Finding.objects.get(measurement=measurement, code="conversion_failed")
    assert job.reason in finding.message
    assert finding.hint
    assert deposit.state == "needs_attention"


@pytest.mark.usefixtures("failures")
def test_second_claim_fences_the_first_worker_out() -> None:
    job = Job.objects.create(kind="poison", target="x")
    first = claim_job(job_id=job.pk)
    assert first is not None
    assert claim_job(job_id=job.pk) is None
    expire(job)
    second = claim_job(job_id=job.pk)
    assert second is not None
    for write in (extend_lease, lock_claim):
        with pytest.raises(LeaseLostError), transaction.atomic():
            write(claim=first)
    extend_lease(claim=second)
    complete_job(claim=second)
    assert claim_job(job_id=job.pk) is None


def test_database_that_is_away_when_the_work_is_done(
    failures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is applied when the database is back, once, and nothing is computed again."""
    worked: list[int] = []
    applied: list[int] = []

    def work(_claim: Any, _progress: JobProgress) -> Apply:
        worked.append(1)
        return lambda: applied.append(1)

    register_kind(
        "poison", JobKind(work=work, apply_failure=lambda _, reason: failures.append(reason), lane="short")
    )
    faults = [OperationalError("the server went away"), OperationalError("it is starting up")]

    def fail_twice(**words: Any) -> Job:
        if faults:
            raise faults.pop()
        return lock_claim(**words)

    monkeypatch.setattr(jobs, "lock_claim", fail_twice)
    monkeypatch.setattr(jobs, "SETTLE_PAUSE_S", 0.01)
    job = Job.objects.create(kind="poison", target="x")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt, worked, applied, failures) == (Job.State.DONE, 1, [1], [1], [])


def test_messages_that_were_lost_are_sent_again() -> None:
    ago = timezone.now() - dt.timedelta(seconds=60)
    never = Job.objects.create(kind="a", target="never", created_at=ago)
    lost = Job.objects.create(kind="a", target="lost", created_at=ago, published_at=ago)
    orphan = Job.objects.create(kind="a", target="orphan", state="running", lease_until=ago, published_at=ago)
    Job.objects.create(kind="a", target="fresh", created_at=timezone.now())
    Job.objects.create(kind="a", target="told", created_at=ago, published_at=timezone.now())
    Job.objects.create(
        kind="a", target="later", created_at=ago, not_before=timezone.now() + dt.timedelta(minutes=4)
    )
    Job.objects.create(
        kind="a",
        target="held",
        state="running",
        lease_until=timezone.now() + dt.timedelta(seconds=20),
        published_at=ago,
    )
    assert set(list_jobs_to_announce()) == {never.pk, lost.pk, orphan.pk}
    assert list_jobs_to_announce() == {}  # each is handed out once per round
