"""Running one claimed job: work under a heartbeat, settle in one transaction."""

import threading
import time
import uuid

import structlog
from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from repository.errors import LeaseLostError, RepositoryError, StorageRefusedError, TransientError
from repository.schema.plain_text import describe_reason
from repository.services.disk import WAITING, explain_fault, find_shortage, job_folders
from repository.services.jobs import (
    ClaimedJob,
    complete_job,
    extend_lease,
    fail_job,
    lock_claim,
    postpone_job,
    retry_job,
    take_over_exhausted,
)
from repository.tasks.job_kinds import Apply, JobProgress, get_kind

log = structlog.get_logger(__name__)
SETTLE_PATIENCE_S = 120.0
SETTLE_PAUSE_S = 1.0


def run_job(claim: ClaimedJob) -> None:
    """Do the work of a claim and settle it, however it ends."""
    bound = log.bind(job=str(claim.id), kind=claim.kind, target=claim.target, attempt=claim.attempt)
    bound.info("job_started")
    try:
        _work_and_settle(claim)
    except LeaseLostError:
        bound.warning("job_lease_lost")
    except StorageRefusedError as refusal:
        bound.warning("job_waits_for_disk", reason=refusal.message)
        settle_wait(claim, refusal)
    except RepositoryError as refusal:
        bound.info("job_refused", reason=refusal.message)
        settle_failure(claim, reason=refusal.message, is_final=True)
    except TransientError as fault:
        bound.warning("job_transient_fault", reason=str(fault))
        _settle_fault(claim, fault, reason=str(fault))
    except Exception as fault:  # noqa: BLE001  # the border: whatever it is, the row must say so and the worker must live
        bound.exception("job_failed")
        _settle_fault(claim, fault, reason=f"{type(fault).__name__}: {fault}")
    else:
        bound.info("job_done")


def _work_and_settle(claim: ClaimedJob) -> None:
    kind = get_kind(claim.kind)
    with _Heartbeat(claim) as progress:
        apply = kind.work(claim, progress)
        _settle_success(claim, apply)


def _settle_success(claim: ClaimedJob, apply: Apply) -> None:
    """Apply the result; a database that is away for a moment must not cost the work of an hour.

    Where the connection broke at the commit itself, the next try finds the job settled and its lease gone.
    """
    deadline = time.monotonic() + SETTLE_PATIENCE_S
    while True:
        close_old_connections()
        try:
            with transaction.atomic():
                lock_claim(claim=claim)
                complete_job(claim=claim)  # first, so that what is applied sees this job as settled
                apply()
        except (OperationalError, InterfaceError) as fault:
            if time.monotonic() > deadline:
                raise
            log.warning("job_settling_delayed", job=str(claim.id), reason=str(fault))
            time.sleep(SETTLE_PAUSE_S)
        else:
            return


def settle_wait(claim: ClaimedJob, refusal: StorageRefusedError) -> None:
    """Put the job back until the disk takes bytes again, and say so."""
    close_old_connections()
    try:
        with transaction.atomic():
            lock_claim(claim=claim)
            postpone_job(claim=claim, reason=f"{WAITING}: {refusal.message} It goes on by itself.")
    except LeaseLostError:
        log.warning("job_lease_lost", job=str(claim.id))


def _settle_fault(claim: ClaimedJob, fault: Exception, *, reason: str) -> None:
    """Put the job back or end it; while the disk is short, whatever went wrong is laid to that."""
    refusal = explain_fault(fault) or find_shortage(job_folders())
    if refusal is not None:
        settle_wait(claim, refusal)
    else:
        settle_failure(claim, reason=reason, is_final=False)


def settle_failure(claim: ClaimedJob, *, reason: str, is_final: bool) -> None:
    """Put the job back, or end it and tell the domain why."""
    close_old_connections()
    try:
        with transaction.atomic():
            lock_claim(claim=claim)
            if is_final or claim.attempt >= claim.max_attempts:
                fail_job(claim=claim, reason=reason)
                _tell_domain(claim, reason)
            else:
                retry_job(claim=claim, reason=reason)
    except LeaseLostError:
        log.warning("job_lease_lost", job=str(claim.id))


def _tell_domain(claim: ClaimedJob, reason: str) -> None:
    """Record the failure where people see it; a fault in that must not keep the job alive for ever."""
    try:
        with transaction.atomic():
            get_kind(claim.kind).apply_failure(claim, describe_reason(reason))
    except Exception:  # the border: the job must end
        log.exception("job_failure_not_recorded", job=str(claim.id), kind=claim.kind)


def fail_exhausted(job_id: uuid.UUID) -> None:
    """End a job over which every attempt's worker died."""
    claim = take_over_exhausted(job_id=job_id)
    if claim is not None:
        reason = "The worker died each time that it did this; it is not tried again."
        log.error("job_exhausted", job=str(claim.id), kind=claim.kind, target=claim.target)
        settle_failure(claim, reason=reason, is_final=True)


class _Heartbeat:
    """Extends the lease from a thread of its own while the work goes on."""

    def __init__(self, claim: ClaimedJob) -> None:
        self.claim = claim
        self.progress = JobProgress()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.id}", daemon=True)

    def __enter__(self) -> JobProgress:
        self._thread.start()
        return self.progress

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        """Write progress often and the lease in time; a database that is away is no reason to stop the work."""
        pause = min(1.0, settings.JOB_LEASE_SECONDS / 3)
        while not self._stop.wait(pause):
            try:
                extend_lease(claim=self.claim, fraction=self.progress.fraction, message=self.progress.message)
            except LeaseLostError:
                self.progress.lost.set()
                break
            except DatabaseError as fault:
                log.warning("heartbeat_missed", job=str(self.claim.id), reason=str(fault))
                connection.close()
        connection.close()
