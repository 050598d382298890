"""Telling the broker that a job waits. The row is the outbox: a broker that is away costs a delay, not the job."""

import uuid

import structlog
from kombu.exceptions import OperationalError

from repository.services.jobs import mark_published
from repository.tasks.jobs import run_job

log = structlog.get_logger(__name__)


def publish_job(job_id: uuid.UUID) -> bool:
    """Send the message; `False` when the broker is away, and the reconciler sends it later."""
    try:
        run_job.apply_async(
            args=[str(job_id)], retry=True, retry_policy={"max_retries": 1, "interval_start": 0}
        )
    except (OperationalError, OSError) as fault:
        log.warning("broker_away", job=str(job_id), reason=str(fault))
        return False
    mark_published(job_id=job_id)
    return True
