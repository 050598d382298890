"""Whether the parts of the installation answer."""

import datetime as dt
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from repository.models import Job, WorkerHeartbeat

SILENT_AFTER = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part and, where it does not answer, why."""

    name: str
    is_ok: bool
    detail: str = ""


def check_database() -> PartHealth:
    """Ask the database on a connection of its own: a new visitor's request gets one too."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as fault:
        return PartHealth("database", is_ok=False, detail=_say(fault))
    finally:
        connection.close()
    return PartHealth("database", is_ok=True)


def check_worker() -> PartHealth:
    """Ask when a worker last said that it lives."""
    try:
        newest = WorkerHeartbeat.objects.order_by("-seen_at").first()
    except (DatabaseError, InterfaceError) as fault:
        return PartHealth("worker", is_ok=False, detail=_say(fault))
    finally:
        connection.close()
    if newest is None:
        return PartHealth("worker", is_ok=False, detail="No worker has reported yet.")
    silent = timezone.now() - newest.seen_at
    if silent > SILENT_AFTER:
        return PartHealth(
            "worker", is_ok=False, detail=f"The last worker was heard {int(silent.total_seconds())} s ago."
        )
    return PartHealth("worker", is_ok=True)


def _say(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or ["It does not answer."])[0]


def count_jobs() -> dict[str, int]:
    """Return how many jobs are in each state, for the operator."""
    counts = dict.fromkeys(Job.State.values, 0)
    for state in counts:
        counts[state] = Job.objects.filter(state=state).count()
    return counts
