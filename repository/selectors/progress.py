"""How far the reading of a whole deposit is."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Avg, Q

from repository.models import Deposit, Job
from repository.schema.plain_text import describe_reason, hide_internals
from repository.selectors.jobs import describe_waiting, find_first_position


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How far the reading of a deposit is.

    Attributes
    ----------
    running
        How many of its jobs wait or run.
    position
        How many jobs are before the first of those that wait; `None` when none waits.
    """

    fraction: float
    message: str
    running: int
    position: int | None
    failed: tuple[str, ...]


def describe_progress(deposit: Deposit) -> ProgressView:
    """Return how far the deposit's jobs are, as one fraction and the newest message."""
    jobs = deposit.jobs.all()
    if deposit.submitted_at is not None:
        # Also what was made since, when the database's clock was set back meanwhile.
        since = Q(created_at__gte=deposit.submitted_at - dt.timedelta(minutes=1))
        jobs = jobs.filter(since | Q(state__in=Job.ACTIVE))
    mean = jobs.exclude(state=Job.State.CANCELLED).aggregate(mean=Avg("fraction"))["mean"]
    active = list(jobs.filter(state__in=Job.ACTIVE).order_by("-state", "created_at"))
    failed = jobs.filter(state=Job.State.FAILED).values_list("reason", flat=True)[:20]
    position = find_first_position(active)
    return ProgressView(
        fraction=(mean or 0.0) if active else 1.0,
        message=_describe_activity(active, position),
        running=len(active),
        position=position,
        failed=tuple(map(describe_reason, failed)),
    )


def _describe_activity(active: Sequence[Job], position: int | None) -> str:
    """Return what is being done, or, where nothing is, how long it takes until something is."""
    if not active:
        return ""
    said = next((job.message for job in active if job.message), "")
    if said:  # also of a job that waits: it knows why
        return hide_internals(said)
    if active[0].state == Job.State.RUNNING:
        return "Reading the files."
    return "Waiting for a worker." if position is None else describe_waiting(position)
