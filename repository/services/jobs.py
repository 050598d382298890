"""The life of a Job row. Every write names its attempt, so that a worker that lost its lease cannot settle."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from repository.errors import LeaseLostError
from repository.models import Deposit, Job, WorkerHeartbeat

REPUBLISH_NEW_AFTER = dt.timedelta(seconds=2)  # a row whose message never reached the broker
REPUBLISH_QUEUED_AFTER = dt.timedelta(seconds=20)  # a message that the broker has lost
FIRST_RETRY_AFTER = dt.timedelta(seconds=2)
LONGEST_RETRY_AFTER = dt.timedelta(minutes=5)
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


def create_job(*, kind: str, target: str, deposit: Deposit | None = None, max_attempts: int = 5) -> Job:
    """Write down a piece of work; where the same work already waits or runs, return that job."""
    while True:
        try:
            with transaction.atomic():
                return Job.objects.create(
                    kind=kind, target=target, deposit=deposit, max_attempts=max_attempts
                )
        except IntegrityError:
            active = Job.objects.filter(kind=kind, target=target, state__in=Job.ACTIVE).first()
            if active is not None:
                return active
            # It was settled between the two statements: this one is new work.


def mark_published(*, job_id: uuid.UUID) -> None:
    """Note that the broker has been told of the job."""
    Job.objects.filter(pk=job_id).update(published_at=timezone.now())


def claim_job(*, job_id: uuid.UUID) -> ClaimedJob | None:
    """Take the job under a lease; `None` when another worker has it, it is settled, or its time has not come."""
    now = timezone.now()
    claimable = Q(state=Job.State.QUEUED, not_before__lte=now) | Q(
        state=Job.State.RUNNING, lease_until__lt=now
    )
    claimed = Job.objects.filter(claimable, pk=job_id, attempt__lt=F("max_attempts")).update(
        state=Job.State.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=now + lease(),
        started_at=now,
        message="",
    )
    if not claimed:
        return None
    job = Job.objects.get(pk=job_id)
    return ClaimedJob(
        id=job.pk,
        kind=job.kind,
        target=job.target,
        deposit_id=job.deposit_id,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
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
    changes: dict[str, object] = {"lease_until": timezone.now() + lease()}
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
    Job.objects.filter(pk=claim.id).update(
        state=Job.State.DONE, fraction=1.0, finished_at=timezone.now(), lease_until=None, reason=""
    )


def fail_job(*, claim: ClaimedJob, reason: str) -> None:
    """Mark the job failed for good. Call it after `lock_claim`."""
    Job.objects.filter(pk=claim.id).update(
        state=Job.State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        reason=reason or "Unknown reason.",
    )


def retry_job(*, claim: ClaimedJob, reason: str) -> dt.datetime:
    """Put the job back with a growing pause; return when it may run again. Call it after `lock_claim`."""
    not_before: dt.datetime = timezone.now() + _choose_pause(claim)
    Job.objects.filter(pk=claim.id).update(
        state=Job.State.QUEUED,
        not_before=not_before,
        published_at=None,
        lease_until=None,
        reason=reason,
        message="Waiting to try again.",
    )
    return not_before


def postpone_job(*, claim: ClaimedJob, reason: str) -> None:
    """Put the job back until the disk takes bytes again; that costs none of its attempts. Call it after `lock_claim`.

    The attempt is the fencing token and only ever grows, so one more is granted instead of taking this one back.
    """
    Job.objects.filter(pk=claim.id).update(
        state=Job.State.QUEUED,
        max_attempts=F("max_attempts") + 1,
        not_before=timezone.now() + _choose_pause(claim),
        published_at=None,
        lease_until=None,
        reason=reason,
        message=reason[:300],
    )


def _choose_pause(claim: ClaimedJob) -> dt.timedelta:
    doublings = min(claim.attempt - 1, MOST_DOUBLINGS)
    return min(FIRST_RETRY_AFTER * (1 << doublings), LONGEST_RETRY_AFTER)


def list_jobs_to_publish(*, limit: int = 200) -> list[uuid.UUID]:
    """Return jobs whose message is missing, lost, or whose worker died; each is handed out once per round."""
    now = timezone.now()
    unpublished = Q(
        state=Job.State.QUEUED, published_at__isnull=True, created_at__lt=now - REPUBLISH_NEW_AFTER
    )
    lost = Q(state=Job.State.QUEUED, published_at__lt=now - REPUBLISH_QUEUED_AFTER)
    orphaned = Q(state=Job.State.RUNNING, lease_until__lt=now) & (
        Q(published_at__isnull=True) | Q(published_at__lt=now - REPUBLISH_NEW_AFTER)
    )
    with transaction.atomic():
        due = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(unpublished | lost | orphaned, not_before__lte=now, attempt__lt=F("max_attempts"))
            .order_by("created_at")
            .values_list("pk", flat=True)[:limit]
        )
        ids = list(due)
        Job.objects.filter(pk__in=ids).update(published_at=now)
    return ids


def list_exhausted_jobs() -> list[uuid.UUID]:
    """Return jobs that used up their attempts while a worker died over them."""
    exhausted = Q(state=Job.State.RUNNING, lease_until__lt=timezone.now()) | Q(state=Job.State.QUEUED)
    return list(Job.objects.filter(exhausted, attempt__gte=F("max_attempts")).values_list("pk", flat=True))


def take_over_exhausted(*, job_id: uuid.UUID) -> ClaimedJob | None:
    """Claim a job that no worker survives, only to fail it with its reason."""
    now = timezone.now()
    taken = (
        Job.objects.filter(pk=job_id, attempt__gte=F("max_attempts"))
        .filter(Q(state=Job.State.RUNNING, lease_until__lt=now) | Q(state=Job.State.QUEUED))
        .update(state=Job.State.RUNNING, attempt=F("attempt") + 1, lease_until=now + lease())
    )
    if not taken:
        return None
    job = Job.objects.get(pk=job_id)
    return ClaimedJob(job.pk, job.kind, job.target, job.deposit_id, job.attempt, job.max_attempts)


def record_worker_heartbeat(*, name: str) -> None:
    """Say that a worker lives; one statement, so that a busy moment of the database costs nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {WorkerHeartbeat._meta.db_table} (name, seen_at) VALUES (%s, now())"  # noqa: S608, SLF001
            " ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at",
            [name],
        )
