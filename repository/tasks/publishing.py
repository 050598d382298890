"""Telling the broker that a job waits. The row is the outbox: a broker that is away costs a delay, not the job."""

import uuid

from repository.lanes import Lane
from repository.services.jobs import mark_published, mark_unpublished
from repository.tasks.bells import ring


def publish_job(job_id: uuid.UUID, lane: Lane) -> bool:
    """Ring for the job; `False` when the broker is away, and the reconciler rings later.

    The row is written before the bell is rung: a worker that hears the bell passes over a row which somebody is
    writing, finds nothing to do, and the bell is gone.
    """
    mark_published(job_id=job_id)
    if ring(lane):
        return True
    mark_unpublished(job_id=job_id)
    return False
