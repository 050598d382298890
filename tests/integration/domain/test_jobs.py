"""The Job row: claimed under a lease, fenced by its attempt, retried with growing pauses, ended with a reason."""

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from repository.errors import LeaseLostError, NotFoundError, TransientError
from repository.models import Deposit, Job, Measurement, WorkerHeartbeat
from repository.services import jobs
from repository.services.jobs import ClaimedJob, claim_job, complete_job, create_job, extend_lease, lock_claim
from repository.services.validation import validate_deposit
from repository.tasks import job_kinds
from repository.tasks.bells import announce_job, answer_bell
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from repository.tasks.maintenance import reconcile
from repository.workflows.jobs import enqueue_job
from tests.brokers import broker_at
from tests.deposits import add_measurement
from tests.factories import make_deposit
from tests.job_running import run_job
from tests.patience import patient, wait_until

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - dt.timedelta(days=1)


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []  # what the domain was told about failures: (target, reason)


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch, told: list[tuple[str, str]]) -> Callable[..., None]:
    """Let jobs of the kind `test` do what the test says."""
    monkeypatch.setattr(job_kinds, "_kinds", {})
    # It would close the connection that holds the test's own transaction.
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)

    def register(work: Callable[[ClaimedJob, JobProgress], Apply]) -> None:
        register_kind(
            "test",
            JobKind(
                work=work,
                apply_failure=lambda claim, reason: told.append((claim.target, reason)),
                lane="long",
            ),
        )

    return register


def nothing_to_apply() -> None:
    return


def raising(fault: Exception) -> Callable[[ClaimedJob, JobProgress], Apply]:
    def work(_claim: ClaimedJob, _progress: JobProgress) -> Apply:
        raise fault

    return work


def claim_new(**fields: Any) -> ClaimedJob:
    job = create_job(kind="test", target=uuid.uuid4().hex, **fields)
    claim = claim_job(job_id=job.pk)
    assert claim is not None
    return claim


def test_the_same_work_waits_once() -> None:
    first = create_job(kind="test", target="a")
    assert create_job(kind="test", target="a").pk == first.pk
    assert create_job(kind="test", target="b").pk != first.pk
    claim = claim_job(job_id=first.pk)
    assert create_job(kind="test", target="a").pk == first.pk, "running counts as waiting"
    assert claim is not None
    complete_job(claim=claim)
    assert create_job(kind="test", target="a").pk != first.pk, "what is done may be asked for again"


def test_a_job_is_held_by_one_worker() -> None:
    claim = claim_new()
    assert claim_job(job_id=claim.id) is None
    assert Job.objects.filter(pk=claim.id, lease_until__gt=timezone.now()).exists()


def test_after_its_lease_another_worker_takes_over_and_the_first_cannot_settle() -> None:
    stale = claim_new()
    Job.objects.filter(pk=stale.id).update(lease_until=LONG_AGO)
    fresh = claim_job(job_id=stale.id)
    assert fresh is not None
    assert fresh.attempt == stale.attempt + 1
    with pytest.raises(LeaseLostError):
        extend_lease(claim=stale, fraction=0.5)
    with pytest.raises(LeaseLostError):
        lock_claim(claim=stale)
    extend_lease(claim=fresh, fraction=7.0, message="x" * 999)
    row = Job.objects.get(pk=stale.id)
    assert (row.fraction, len(row.message)) == (1.0, 300)


def test_a_job_whose_time_has_not_come_is_not_claimed() -> None:
    job = create_job(kind="test", target="later")
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() + dt.timedelta(minutes=1))
    assert claim_job(job_id=job.pk) is None
    assert jobs.list_jobs_to_announce() == {}


def test_work_and_its_result_are_settled_together(handle: Any) -> None:
    seen: list[str] = []

    def work(claim: ClaimedJob, progress: JobProgress) -> Apply:
        progress.report(0.5, "half")
        return lambda: seen.append(Job.objects.get(pk=claim.id).state)

    handle(work)
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.fraction, job.lease_until, seen) == ("done", 1.0, None, ["done"])


def test_a_stale_worker_applies_nothing(handle: Any) -> None:
    applied: list[str] = []

    def lose_the_lease(claim: ClaimedJob, _progress: JobProgress) -> Apply:
        Job.objects.filter(pk=claim.id).update(attempt=claim.attempt + 1)
        return lambda: applied.append(claim.target)

    handle(lose_the_lease)
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, applied) == ("running", [])


def test_a_cancelled_job_applies_nothing(handle: Any) -> None:
    applied: list[str] = []

    def cancelled_meanwhile(claim: ClaimedJob, _progress: JobProgress) -> Apply:
        Job.objects.filter(pk=claim.id).update(state="cancelled", lease_until=None)
        return lambda: applied.append(claim.target)

    handle(cancelled_meanwhile)
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, applied) == ("cancelled", [])


def test_a_transient_fault_is_tried_again_after_growing_pauses(handle: Any, told: Any) -> None:
    handle(raising(TransientError("the disk is full")))
    job = create_job(kind="test", target="a", max_attempts=4)
    pauses = []
    for _ in range(3):
        before = timezone.now()
        run_job(str(job.pk))
        job.refresh_from_db()
        assert (job.state, job.reason, job.published_at) == ("queued", "the disk is full", None)
        pauses.append((job.not_before - before).total_seconds())
        Job.objects.filter(pk=job.pk).update(not_before=LONG_AGO)
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(2, abs=1)
    assert pauses[2] > 2.5 * pauses[0]
    assert told == []
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.reason, told) == ("failed", "the disk is full", [("a", "the disk is full")])


def test_the_pause_has_a_limit() -> None:
    claim = ClaimedJob(claim_new().id, "test", "a", None, attempt=49, max_attempts=50)
    Job.objects.filter(pk=claim.id).update(attempt=49)
    jobs.retry_job(claim=claim, reason="x")
    not_before = Job.objects.get(pk=claim.id).not_before
    assert dt.timedelta(minutes=4) < not_before - timezone.now() <= dt.timedelta(minutes=5)


def test_a_refusal_of_the_domain_is_final_at_once(handle: Any, told: Any) -> None:
    handle(raising(NotFoundError("There is no such thing.")))
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.reason) == ("failed", 1, "There is no such thing.")
    assert told == [("a", "There is no such thing.")]


def test_an_unknown_fault_is_retried_and_named(handle: Any) -> None:
    handle(raising(ZeroDivisionError("one by zero")))
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.reason) == ("queued", "ZeroDivisionError: one by zero")


def test_a_fault_in_telling_the_domain_still_ends_the_job(handle: Any, monkeypatch: Any) -> None:
    handle(raising(NotFoundError("gone")))

    def tell(_claim: ClaimedJob, _reason: str) -> None:
        raise RuntimeError("the domain does not listen")

    register_kind("test", JobKind(work=raising(NotFoundError("gone")), apply_failure=tell, lane="short"))
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "gone")


def test_a_job_that_kills_every_worker_ends_with_a_reason(handle: Any, told: Any) -> None:
    handle(raising(AssertionError("must not run")))
    job = create_job(kind="test", target="poison", max_attempts=3)
    for _ in range(3):
        assert claim_job(job_id=job.pk) is not None
        Job.objects.filter(pk=job.pk).update(lease_until=LONG_AGO)
    assert claim_job(job_id=job.pk) is None, "attempts are capped"
    assert jobs.list_jobs_to_announce() == {}
    reconcile()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "died each time" in job.reason
    assert told == [("poison", job.reason)]
    reconcile()
    assert len(told) == 1


def test_the_reconciler_lists_what_fell_between_two_processes() -> None:
    waiting, lost, orphaned, fresh, held = (create_job(kind="test", target=name) for name in "abcde")
    Job.objects.exclude(pk=fresh.pk).update(created_at=LONG_AGO)
    Job.objects.filter(pk=lost.pk).update(published_at=LONG_AGO)
    for job in (orphaned, held):
        assert claim_job(job_id=job.pk) is not None
    Job.objects.filter(pk=orphaned.pk).update(lease_until=LONG_AGO)
    assert set(jobs.list_jobs_to_announce()) == {waiting.pk, lost.pk, orphaned.pk}
    assert jobs.list_jobs_to_announce() == {}, "each is handed out once per round"


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_a_delay_not_the_job(handle: Any) -> None:
    handle(raising(AssertionError("must not run")))
    with broker_at("redis://:none@127.0.0.1:9/0"):
        job = enqueue_job(kind="test", target="a")
        assert announce_job(job.pk, "long") is False
    job.refresh_from_db()
    assert (job.state, job.published_at) == ("queued", None)
    Job.objects.filter(pk=job.pk).update(created_at=LONG_AGO)
    with broker_at("memory://"):
        reconcile()
    job.refresh_from_db()
    assert job.published_at is not None


def test_nobody_writes_the_row_while_a_worker_hears_its_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim passes over a row that is being written: the bell would be heard for nothing, and be gone."""
    seen = []

    def hear(_lane: str) -> bool:
        seen.append(Job.objects.get().published_at)
        return True

    monkeypatch.setattr("repository.tasks.bells.ring", hear)
    job = create_job(kind="test", target="a")
    assert announce_job(job.pk, "long")
    job.refresh_from_db()
    assert seen == [job.published_at], "it was written before, and is not written after"
    assert job.published_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_message_is_sent_only_for_what_was_committed(handle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handle(raising(AssertionError("must not run")))
    sent: list[str] = []
    monkeypatch.setattr(answer_bell, "apply_async", lambda args, **_: sent.extend(args))

    with transaction.atomic():
        enqueue_job(kind="test", target="a")
        transaction.set_rollback(True)
    assert (sent, Job.objects.count()) == ([], 0)
    with transaction.atomic():
        job = enqueue_job(kind="test", target="a")
        assert sent == []
    assert sent == ["long"]
    assert Job.objects.get(pk=job.pk).published_at is not None


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_extends_the_lease_and_writes_progress(handle: Any, settings: Any) -> None:
    settings.JOB_LEASE_SECONDS = patient(0.9)
    noticed: list[float] = []

    def slow(claim: ClaimedJob, progress: JobProgress) -> Apply:
        progress.report(0.25, "a quarter")

        def find_longer_than_a_lease() -> Job | None:
            later = Job.objects.filter(pk=claim.id, started_at__lt=timezone.now() - lease)
            return later.filter(message="a quarter", lease_until__gt=timezone.now()).first()

        row = wait_until(find_longer_than_a_lease, "the lease is not extended")
        assert row is not None
        noticed.append(row.fraction)
        return nothing_to_apply

    lease = jobs.lease()
    handle(slow)
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert noticed == [0.25]
    assert job.state == "done"


@pytest.mark.django_db(transaction=True)
def test_work_that_lost_its_lease_is_told_at_its_next_report(handle: Any, settings: Any) -> None:
    settings.JOB_LEASE_SECONDS = patient(0.3)
    stopped: list[bool] = []

    def robbed(claim: ClaimedJob, progress: JobProgress) -> Apply:
        Job.objects.filter(pk=claim.id).update(attempt=claim.attempt + 1)
        assert progress.lost.wait(patient(30))
        try:
            progress.report(0.9, "still here")
        except LeaseLostError:
            stopped.append(True)
            raise
        return nothing_to_apply

    handle(robbed)
    job = create_job(kind="test", target="a")
    run_job(str(job.pk))
    assert stopped == [True]
    assert Job.objects.get(pk=job.pk).state == "running"


def test_a_worker_says_that_it_lives() -> None:
    jobs.record_worker_heartbeat(name="worker@test")
    first = WorkerHeartbeat.objects.get().seen_at
    WorkerHeartbeat.objects.update(seen_at=LONG_AGO)
    jobs.record_worker_heartbeat(name="worker@test")
    assert WorkerHeartbeat.objects.get().seen_at >= first


@pytest.mark.django_db(transaction=True)
def test_two_measurements_that_end_at_once_do_not_lock_each_other_out(
    stemma_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both results are written and the deposit is checked over both, without one waiting for the other in a ring."""
    deposit = make_deposit()
    measurements = [add_measurement(deposit, name) for name in ("a.raw", "b.raw")]
    Measurement.objects.update(state="opened")
    Deposit.objects.update(state="processing")
    meet = threading.Barrier(2, timeout=patient(2))
    faults: list[BaseException] = []
    applied: list[str] = []

    def convert(claim: ClaimedJob, _progress: JobProgress) -> Apply:
        def apply() -> None:
            applied.append(claim.target)
            measurement = Measurement.objects.get(pk=claim.target)
            measurement.state = "converted"
            measurement.save()
            # Were both let in to write, they would now wait for each other in a ring.
            with suppress(threading.BrokenBarrierError):
                meet.wait()
            validate_deposit(deposit_id=deposit.pk)

        return apply

    kind = JobKind(work=convert, apply_failure=lambda *_: None, lane="long")
    monkeypatch.setattr(job_kinds, "_kinds", {"convert_measurement": kind})

    def run(job_id: str) -> None:
        try:
            run_job(job_id)
        except BaseException as fault:  # noqa: BLE001  # shown by the assertion
            faults.append(fault)
        finally:
            connection.close()

    threads = []
    for measurement in measurements:
        row = create_job(kind="convert_measurement", target=measurement.pk, deposit=deposit)
        threads.append(threading.Thread(target=run, args=(str(row.pk),)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patient(60))
    assert faults == []
    assert sorted(applied) == sorted(one.pk for one in measurements), "none was undone and repeated"
    assert list(Job.objects.values_list("state", "attempt")) == [("done", 1), ("done", 1)]
    assert set(Measurement.objects.values_list("state", flat=True)) == {"converted"}
    assert Deposit.objects.get().state == "ready"
