import datetime as dt
import uuid
from dataclasses import dataclass

from repository.errors import NotFoundError
from repository.models import Job
from repository.selectors.access import Visitor, get_deposit


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is shown to the owners of its deposit."""

    id: uuid.UUID
    kind: str
    target: str
    state: str
    attempt: int
    fraction: float
    message: str
    reason: str
    created_at: dt.datetime
    finished_at: dt.datetime | None


def describe_job(visitor: Visitor, job_id: uuid.UUID) -> JobView:
    """Return a job of a deposit that the visitor may see."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or job.deposit_id is None:
        raise NotFoundError(f"There is no job {job_id}.")
    get_deposit(visitor, job.deposit_id)
    return JobView(
        id=job.pk,
        kind=job.kind,
        target=job.target,
        state=job.state,
        attempt=job.attempt,
        fraction=job.fraction,
        message=job.message,
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
