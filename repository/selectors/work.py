"""What the server does for a deposit just now: what runs, what waits, who is before it, and how long it may take."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max

from repository.models import Deposit, Job, Measurement
from repository.selectors.inputs import count_bytes
from repository.selectors.progress import describe_progress
from repository.selectors.reading import ReadingView, list_readings
from repository.states import BUSY_STATES

USUAL_BYTES_PER_S = 40_000_000
"""What a quiet core converts in a second, until this deposit has shown how much it is here."""
START_S = 1.5
"""What opening a file and beginning with it costs, however small it is."""
LEAST_SECONDS = 1.0
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RunningView:
    """A measurement that is being worked on."""

    measurement: str
    path: str
    reading: ReadingView


@dataclass(frozen=True, slots=True)
class WorkView:
    """The work on a deposit.

    Attributes
    ----------
    waiting
        How many measurements have work that has not begun.
    position
        How many jobs of others and of its own are before the first that waits; None when none waits.
    bytes_left, seconds_left
        Of its own arrays, and what they take from now on; None when nothing is done. Others' jobs are not in it.
    is_measured
        Whether the estimate goes by what this deposit has taken so far, or by what is usual.
    failed
        Why work on it was given up.
    """

    state: str
    is_working: bool
    fraction: float
    message: str
    running: tuple[RunningView, ...]
    waiting: int
    position: int | None
    bytes_left: int
    seconds_left: float | None
    is_measured: bool
    failed: tuple[str, ...]
    revision: int


def describe_work(deposit: Deposit) -> WorkView:
    """Return what is being done for a deposit, in a fixed number of questions to the database."""
    progress = describe_progress(deposit)
    readings = list_readings(deposit)
    measurements = _list_measured(deposit)
    left = _count_left(measurements, readings)
    rate = _measure_rate(deposit, measurements)
    running = [
        RunningView(one.pk, one.primary_file.path, reading)
        for one in measurements
        if (reading := readings.get(one.pk)) is not None and reading.state == "running"
    ]
    waiting = [reading for reading in readings.values() if reading.state == "queued"]
    seconds = left / (rate or USUAL_BYTES_PER_S) + START_S * len(readings)
    return WorkView(
        state=deposit.state,
        is_working=deposit.state in BUSY_STATES,
        fraction=progress.fraction,
        message=progress.message,
        running=tuple(running[:_MOST_SHOWN]),
        waiting=len(waiting),
        position=progress.position,
        bytes_left=left,
        seconds_left=round(seconds, 1) if readings else None,
        is_measured=rate is not None,
        failed=progress.failed,
        revision=deposit.revision,
    )


def mark_known(deposit: Deposit) -> str:
    """Return a mark that changes when there is more to see of a deposit than before, in two questions."""
    counted = deposit.current_measurements.annotate(made=Count("products")).values_list("state", "made")
    states = Counter(counted)
    found = deposit.findings.aggregate(count=Count("pk"), newest=Max("pk"))
    known = ",".join(f"{state}.{made}:{count}" for (state, made), count in sorted(states.items()))
    return f"{known};{found['count']}.{found['newest'] or 0}"


def _list_measured(deposit: Deposit) -> list[Measurement]:
    """Return the measurements with what their sizes follow from."""
    rows = deposit.current_measurements.select_related("primary_file").prefetch_related("signals")
    return list(
        rows.only("id", "deposit", "state", "primary_file", "primary_file__path", "primary_file__size")
    )


def _size_of(measurement: Measurement) -> int:
    """Return the bytes of its arrays; of the primary file while nobody knows these."""
    return count_bytes(measurement) or measurement.primary_file.size


def _count_left(measurements: Iterable[Measurement], readings: Mapping[str, ReadingView]) -> int:
    return sum(
        int(_size_of(one) * (1.0 - readings[one.pk].fraction))
        for one in measurements
        if one.pk in readings and readings[one.pk].step != "reducing"
    )


def _measure_rate(deposit: Deposit, measurements: Sequence[Measurement]) -> float | None:
    """Return bytes in a second, of the conversions of this deposit that are done."""
    done = deposit.jobs.filter(kind="convert_measurement", state=Job.State.DONE, started_at__isnull=False)
    sizes = {one.pk: _size_of(one) for one in measurements}
    took = dt.timedelta()
    converted = 0
    for target, started, finished in done.values_list("target", "started_at", "finished_at"):
        if target in sizes and started is not None and finished is not None and finished > started:
            took += finished - started
            converted += sizes[target]
    seconds = took.total_seconds()
    return converted / seconds if seconds >= LEAST_SECONDS and converted else None
