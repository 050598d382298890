"""Whether the parts of the installation answer."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import DatabaseError, connection
from django.utils import timezone

from repository.models import Job, WorkerHeartbeat

SILENT_AFTER = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part and, where it does not answer, why; with numbers that an operator plots."""

    name: str
    is_ok: bool
    detail: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)


def check_database() -> PartHealth:
    """Ask the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as fault:
        connection.close()
        return PartHealth("database", is_ok=False, detail=str(fault).strip().splitlines()[0])
    return PartHealth("database", is_ok=True)


def check_worker() -> PartHealth:
    """Ask when a worker last said that it lives."""
    try:
        newest = WorkerHeartbeat.objects.order_by("-seen_at").first()
    except DatabaseError as fault:
        connection.close()
        return PartHealth("worker", is_ok=False, detail=str(fault).strip().splitlines()[0])
    if newest is None:
        return PartHealth("worker", is_ok=False, detail="No worker has reported yet.")
    silent = timezone.now() - newest.seen_at
    if silent > SILENT_AFTER:
        return PartHealth(
            "worker", is_ok=False, detail=f"The last worker was heard {int(silent.total_seconds())} s ago."
        )
    return PartHealth("worker", is_ok=True)


def count_jobs() -> dict[str, int]:
    """Return how many jobs are in each state, for the operator."""
    counts = dict.fromkeys(Job.State.values, 0)
    for state in counts:
        counts[state] = Job.objects.filter(state=state).count()
    return counts
