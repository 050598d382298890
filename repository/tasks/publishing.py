"""Telling the broker that a job waits. The row is the outbox: a broker that is away costs a delay, not the job."""

import uuid

from repository.lanes import Lane
from repository.services.jobs import mark_published
from repository.tasks.bells import ring


def publish_job(job_id: uuid.UUID, lane: Lane) -> bool:
    """Ring for the job; `False` when the broker is away, and the reconciler rings later."""
    if not ring(lane):
        return False
    mark_published(job_id=job_id)
    return True
