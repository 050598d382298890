"""The life of a Job row. Every write names its attempt, so that a worker that lost its lease cannot settle."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from repository.errors import LeaseLostError
from repository.lanes import LANES, Lane
from repository.models import Deposit, Job, WorkerHeartbeat
from repository.models.job import MOST_ATTEMPTS
from repository.models.job_order import LONGEST_PAUSE, is_due, is_lease_over, lock_next_job
from repository.states import JobMove

ANNOUNCE_NEW_AFTER = dt.timedelta(seconds=2)  # a row whose message never reached the broker
ANNOUNCE_AGAIN_QUEUED_AFTER = dt.timedelta(seconds=20)  # a message that the broker has lost
FIRST_RETRY_AFTER = dt.timedelta(seconds=2)
MOST_DOUBLINGS = 16  # more would only overflow


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker holds until its lease ends."""

    id: uuid.UUID
    kind: str
    target: str
    deposit_id: str | None
    attempt: int
    max_attempts: int
    lane: Lane = "long"
    parameters: Mapping[str, Any] = field(default_factory=dict)


def create_job(
    *,
    kind: str,
    target: str,
    deposit: Deposit | None = None,
    max_attempts: int = MOST_ATTEMPTS,
    lane: Lane = "long",
    parameters: Mapping[str, Any] | None = None,
) -> Job:
    """Write down a piece of work; where the same work already waits or runs, return that job."""
    asked = dict(parameters or {})
    while True:
        try:
            with transaction.atomic():
                return Job.objects.create(
                    kind=kind,
                    target=target,
                    parameters=asked,
                    deposit=deposit,
                    max_attempts=max_attempts,
                    lane=lane,
                    depositor=0 if deposit is None else deposit.owner_id,
                )
        except IntegrityError:
            same = Job.objects.filter(kind=kind, target=target, parameters=asked)
            active = same.filter(state__in=Job.ACTIVE).first()
            if active is not None:
                return active
            # It was settled between the two statements: this one is new work.


def mark_announced(*, job_id: uuid.UUID) -> None:
    """Note that the broker is told of the job."""
    Job.objects.filter(pk=job_id).update(published_at=Now())


def mark_unannounced(*, job_id: uuid.UUID) -> None:
    """Note that the broker could not be told of the job, so that the reconciler tells it soon."""
    Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(published_at=None)


def claim_next_job(*, lanes: Collection[Lane], waited: dt.timedelta = dt.timedelta()) -> ClaimedJob | None:
    """Take the job whose turn it is, short work before long; `None` when nothing of these lanes waits.

    Two workers that ask at once get two jobs. `waited` leaves alone what others had less time than that to take.
    """
    for lane in LANES:
        if lane not in lanes:
            continue
        while True:
            with transaction.atomic():
                job_id = lock_next_job(lane, waited=waited)
                if job_id is None:
                    break
                claim = claim_job(job_id=job_id)
            if claim is not None:
                return claim
            # Its holder spoke up, or another claimed it, between the look and the lock.
    return None


def claim_job(*, job_id: uuid.UUID) -> ClaimedJob | None:
    """Take the job under a lease; `None` when another worker has it, it is settled, or its time has not come."""
    claimable = (Q(state=Job.State.QUEUED) & is_due()) | (Q(state=Job.State.RUNNING) & is_lease_over())
    jobs = Job.objects.filter(claimable, pk=job_id, attempt__lt=F("max_attempts"))
    claimed = _move(
        jobs,
        JobMove.CLAIM,
        attempt=F("attempt") + 1,
        lease_until=Now() + lease(),
        started_at=Now(),
        message="",
    )
    return _read_claim(job_id) if claimed else None


def _move(jobs: QuerySet[Job], move: JobMove, **changes: Any) -> int:
    """Give jobs their next state where there is the way to it from what they have now; return how many had it."""
    way = move.value
    return jobs.filter(state__in=way.sources).update(state=way.target, **changes)


def _settle(claim: ClaimedJob, move: JobMove, **changes: Any) -> None:
    if not _move(Job.objects.filter(pk=claim.id, attempt=claim.attempt), move, lease_until=None, **changes):
        raise LeaseLostError(f"Job {claim.id} is no longer held by attempt {claim.attempt}.")


def _read_claim(job_id: uuid.UUID) -> ClaimedJob:
    job = Job.objects.get(pk=job_id)
    return ClaimedJob(
        id=job.pk,
        kind=job.kind,
        target=job.target,
        deposit_id=job.deposit_id,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        lane="short" if job.lane == "short" else "long",
        parameters=job.parameters,
    )


def lease() -> dt.timedelta:
    """Return how long a claim lasts without a heartbeat."""
    return dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)


def extend_lease(*, claim: ClaimedJob, fraction: float | None = None, message: str | None = None) -> None:
    """Say that the work goes on, and how far it is.

    Raises
    ------
    LeaseLostError
        Another worker has claimed the job meanwhile, or it was cancelled.
    """
    changes: dict[str, object] = {"lease_until": Now() + lease()}
    if fraction is not None:
        changes["fraction"] = min(1.0, max(0.0, fraction))
    if message is not None:
        changes["message"] = message[:300]
    held = Job.objects.filter(pk=claim.id, attempt=claim.attempt, state=Job.State.RUNNING)
    if not held.update(**changes):
        raise LeaseLostError(f"Job {claim.id} is no longer held by attempt {claim.attempt}.")


def lock_claim(*, claim: ClaimedJob) -> Job:
    """Lock the row for the transaction that applies the result, so that exactly one attempt takes effect.

    The deposit is locked before it, as every other write does: two measurements of a deposit that end at the same
    moment settle one after the other, and neither waits for a row that the other holds.

    Raises
    ------
    LeaseLostError
        Another worker has claimed the job meanwhile, or it was cancelled.
    """
    if claim.deposit_id is not None:
        Deposit.objects.select_for_update().filter(pk=claim.deposit_id).first()
    held = Job.objects.select_for_update().filter(pk=claim.id, attempt=claim.attempt, state=Job.State.RUNNING)
    job = held.first()
    if job is None:
        raise LeaseLostError(f"Job {claim.id} is no longer held by attempt {claim.attempt}.")
    return job


def complete_job(*, claim: ClaimedJob) -> None:
    """Mark the job done. Call it in the transaction that applies the result, after `lock_claim`."""
    _settle(claim, JobMove.COMPLETE, fraction=1.0, finished_at=Now(), reason="")


def fail_job(*, claim: ClaimedJob, reason: str) -> None:
    """Mark the job failed for good. Call it after `lock_claim`."""
    _settle(claim, JobMove.FAIL, finished_at=Now(), reason=reason or "Unknown reason.")


def retry_job(*, claim: ClaimedJob, reason: str) -> None:
    """Put the job back with a growing pause. Call it after `lock_claim`."""
    _settle(
        claim,
        JobMove.RETRY,
        not_before=Now() + _choose_pause(claim),
        published_at=None,
        reason=reason,
        message="Waiting to try again.",
    )


def postpone_job(*, claim: ClaimedJob, reason: str) -> None:
    """Put the job back until the disk takes bytes again; that costs none of its attempts. Call it after `lock_claim`.

    The attempt is the fencing token and only ever grows, so one more is granted instead of taking this one back.
    """
    _settle(
        claim,
        JobMove.POSTPONE,
        max_attempts=F("max_attempts") + 1,
        not_before=Now() + _choose_pause(claim),
        published_at=None,
        reason=reason,
        message=reason[:300],
    )


def cancel_measurement_jobs(measurement_ids: Iterable[str], *, kinds: Sequence[str]) -> None:
    """End what is still to be done for measurements; a worker that is at it loses its lease."""
    jobs = Job.objects.filter(target__in=list(measurement_ids), kind__in=kinds)
    _move(jobs, JobMove.CANCEL, finished_at=Now(), lease_until=None)


def cancel_jobs(deposit: Deposit, *, kinds: Sequence[str] | None = None) -> int:
    """End what is still to be done for a deposit, of some kinds or of all; a worker that is at it loses its lease."""
    jobs = Job.objects.filter(deposit=deposit)
    if kinds is not None:
        jobs = jobs.filter(kind__in=kinds)
    return _move(jobs, JobMove.CANCEL, finished_at=Now(), lease_until=None)


def _choose_pause(claim: ClaimedJob) -> dt.timedelta:
    doublings = min(claim.attempt - 1, MOST_DOUBLINGS)
    return min(FIRST_RETRY_AFTER * (1 << doublings), LONGEST_PAUSE)


def list_jobs_to_announce(*, ringing: Collection[Lane] = (), limit: int = 200) -> dict[uuid.UUID, Lane]:
    """Return jobs whose message is missing, lost, or whose worker died; each is handed out once per round.

    In a lane where messages wait to be heard (`ringing`), no job needs another one.
    """
    queued, running = Q(state=Job.State.QUEUED), Q(state=Job.State.RUNNING)
    new = queued & Q(published_at__isnull=True) & _is_past("created_at", ANNOUNCE_NEW_AFTER)
    lost = queued & _is_past("published_at", ANNOUNCE_AGAIN_QUEUED_AFTER)
    orphaned = (
        running
        & is_lease_over()
        & (Q(published_at__isnull=True) | _is_past("published_at", ANNOUNCE_NEW_AFTER))
    )
    unheard = new | ((lost | orphaned) & ~Q(lane__in=list(ringing)))
    with transaction.atomic():
        due = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(unheard, is_due(), attempt__lt=F("max_attempts"))
            .order_by("created_at")
            .values_list("pk", "lane")[:limit]
        )
        lanes: dict[uuid.UUID, Lane] = {pk: "short" if lane == "short" else "long" for pk, lane in due}
        Job.objects.filter(pk__in=list(lanes)).update(published_at=Now())
    return lanes


def is_waiting(*, kind: str) -> bool:
    """Return whether a job of this kind could begin."""
    return Job.objects.filter(is_due(), kind=kind, state=Job.State.QUEUED).exists()


def _is_past(field: str, age: dt.timedelta) -> Q:
    """Return the condition that a time is that long ago, or in the future since the database's clock was set back."""
    return Q(**{f"{field}__lt": Now() - age}) | Q(**{f"{field}__gt": Now()})


def _is_exhausted() -> Q:
    ended = (Q(state=Job.State.RUNNING) & is_lease_over()) | Q(state=Job.State.QUEUED)
    return ended & Q(attempt__gte=F("max_attempts"))


def list_exhausted_jobs() -> list[uuid.UUID]:
    """Return jobs that used up their attempts while a worker died over them."""
    return list(Job.objects.filter(_is_exhausted()).values_list("pk", flat=True))


def take_over_exhausted(*, job_id: uuid.UUID) -> ClaimedJob | None:
    """Claim a job that no worker survives, only to fail it with its reason."""
    exhausted = Job.objects.filter(_is_exhausted(), pk=job_id)
    taken = _move(exhausted, JobMove.TAKE_OVER, attempt=F("attempt") + 1, lease_until=Now() + lease())
    return _read_claim(job_id) if taken else None


def forget_ended_jobs(*, kind: str, kept: dt.timedelta) -> None:
    """Remove the rows of jobs of a kind that ended longer ago: of some there is one every few minutes, for ever."""
    ended = Q(state__in=[Job.State.DONE, Job.State.FAILED], finished_at__lt=Now() - kept)
    Job.objects.filter(ended, kind=kind).delete()


def record_worker_heartbeat(*, name: str, lanes: Sequence[Lane] = LANES) -> None:
    """Say that a worker lives; one statement, so that a busy moment of the database costs nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {WorkerHeartbeat._meta.db_table} (name, seen_at, lanes)"  # noqa: S608, SLF001
            " VALUES (%s, statement_timestamp(), %s)"
            " ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, lanes = excluded.lanes",
            [name, list(lanes)],
        )
