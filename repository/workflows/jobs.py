from functools import partial

from django.db import transaction

from repository.models import Deposit, Job
from repository.services.jobs import create_job
from repository.tasks.publishing import publish_job


def enqueue_job(*, kind: str, target: str, deposit: Deposit | None = None, max_attempts: int = 5) -> Job:
    """Write the job down and tell the broker once the transaction has committed."""
    job = create_job(kind=kind, target=target, deposit=deposit, max_attempts=max_attempts)
    transaction.on_commit(partial(publish_job, job.pk))
    return job
