"""Telling the broker that a job waits. The row is the outbox: a broker that is away costs a delay, not the job."""

import uuid

import structlog

from repository.services.jobs import mark_published
from repository.tasks.broker import BrokerAwayError, send
from repository.tasks.jobs import run_job

log = structlog.get_logger(__name__)


def publish_job(job_id: uuid.UUID) -> bool:
    """Send the message; `False` when the broker is away, and the reconciler sends it later."""
    try:
        send(run_job, args=[str(job_id)])
    except BrokerAwayError as fault:
        log.warning("broker_away", job=str(job_id), reason=str(fault))
        return False
    mark_published(job_id=job_id)
    return True
