"""What is being done with a measurement just now: which step, how far, and how long it may still take."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from repository.models import Deposit, Job

# The later step first: while a conversion runs, that is what a person waits for.
_STEPS = {
    "reduce_measurement": "reducing",
    "convert_measurement": "converting",
    "preview_measurement": "previewing",
    "open_measurement": "opening",
}
LEAST_FRACTION = 0.02  # before that a rate is a guess
LEAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One measurement's step.

    Attributes
    ----------
    step
        `opening`, `previewing`, `converting` or `reducing`.
    state
        `queued` or `running`.
    seconds_left
        At the rate of this attempt so far; `None` while there is none to go by.
    """

    step: str
    state: str
    fraction: float
    seconds_left: float | None


def list_readings(deposit: Deposit) -> dict[str, ReadingView]:
    """Return what is being done, by measurement; running work goes before work that waits."""
    jobs = deposit.jobs.filter(kind__in=_STEPS, state__in=Job.ACTIVE)
    return {target: _describe(jobs) for target, jobs in _by_target(jobs).items()}


def _by_target(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.target, []).append(job)
    return found


def _describe(jobs: list[Job]) -> ReadingView:
    order = list(_STEPS)
    job = min(jobs, key=lambda one: (one.state != Job.State.RUNNING, order.index(one.kind)))
    is_running = job.state == Job.State.RUNNING
    return ReadingView(
        step=_STEPS[job.kind],
        state=job.state,
        fraction=job.fraction if is_running else 0.0,
        seconds_left=_estimate(job) if is_running else None,
    )


def _estimate(job: Job) -> float | None:
    if job.started_at is None or job.fraction < LEAST_FRACTION:
        return None
    elapsed = (timezone.now() - job.started_at).total_seconds()
    if elapsed < LEAST_SECONDS:
        return None
    return elapsed / job.fraction * (1.0 - job.fraction)
