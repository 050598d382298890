from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from repository.models import Deposit, Job
from repository.models.job import MOST_ATTEMPTS
from repository.services.jobs import create_job
from repository.tasks.bells import announce_job
from repository.tasks.job_kinds import get_kind


def enqueue_job(
    *,
    kind: str,
    target: str,
    deposit: Deposit | None = None,
    max_attempts: int = MOST_ATTEMPTS,
    parameters: Mapping[str, Any] | None = None,
) -> Job:
    """Write the job down and tell the broker once the transaction has committed."""
    lane = get_kind(kind).choose_lane(target)
    job = create_job(
        kind=kind,
        target=target,
        deposit=deposit,
        max_attempts=max_attempts,
        lane=lane,
        parameters=parameters,
    )
    transaction.on_commit(partial(announce_job, job.pk, lane))
    return job
