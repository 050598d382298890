import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from repository.errors import NotFoundError
from repository.lanes import LANES
from repository.models import Job
from repository.models.job_order import list_positions
from repository.schema.plain_text import describe_reason, hide_internals
from repository.selectors.visibility import Visitor, visible_jobs


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is shown to the owners of its deposit.

    Attributes
    ----------
    position
        How many jobs of its lane are before it, in the order in which depositors take turns; `None` once it runs,
        has ended, or pauses before it is tried again.
    """

    id: uuid.UUID
    kind: str
    target: str
    state: str
    lane: str
    position: int | None
    attempt: int
    fraction: float
    message: str
    reason: str
    created_at: dt.datetime
    finished_at: dt.datetime | None


def describe_job(visitor: Visitor, job_id: uuid.UUID) -> JobView:
    """Return a job of a deposit that the visitor may see."""
    job = visible_jobs(visitor).filter(pk=job_id).first()
    if job is None:
        raise NotFoundError(f"There is no job {job_id}.")
    return JobView(
        id=job.pk,
        kind=job.kind,
        target=job.target,
        state=job.state,
        lane=job.lane,
        position=find_first_position([job]),
        attempt=job.attempt,
        fraction=job.fraction,
        message=hide_internals(job.message),
        reason=describe_reason(job.reason),
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


def find_first_position(jobs: Iterable[Job]) -> int | None:
    """Return how many jobs are before the one of these that comes first; one query for each lane they wait in."""
    waiting = [job for job in jobs if job.state == Job.State.QUEUED]
    places = [
        place
        for lane in LANES
        for place in list_positions(lane, [job.pk for job in waiting if job.lane == lane]).values()
    ]
    return min(places, default=None)


def describe_waiting(position: int) -> str:
    """Return the sentence that a waiting person reads."""
    if position == 0:
        return "Waiting: this is the next job."
    return f"Waiting: {position} {'job is' if position == 1 else 'jobs are'} before this one."
