import datetime as dt
import uuid
from dataclasses import dataclass

from repository.errors import NotFoundError
from repository.models import Job
from repository.schema.plain_text import describe_reason, hide_internals
from repository.selectors.access import Visitor, visible_deposits


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
    if job is None or not visible_deposits(visitor).filter(pk=job.deposit_id).exists():
        raise NotFoundError(f"There is no job {job_id}.")
    return JobView(
        id=job.pk,
        kind=job.kind,
        target=job.target,
        state=job.state,
        attempt=job.attempt,
        fraction=job.fraction,
        message=hide_internals(job.message),
        reason=describe_reason(job.reason),
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
