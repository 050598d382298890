"""Whether the parts of the installation answer."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count, F, Max
from django.db.models.functions import Now

from repository.lanes import LANES, Lane
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
    """Ask when a worker of each lane last said that it lives."""
    try:
        silences = list(WorkerHeartbeat.objects.values_list("lanes", Now() - F("seen_at")))
    except (DatabaseError, InterfaceError) as fault:
        return PartHealth("worker", is_ok=False, detail=_say(fault))
    finally:
        connection.close()
    if not silences:
        return PartHealth("worker", is_ok=False, detail="No worker has reported yet.")
    # A time to come was written before the database's clock was set back: who lives has written another by now.
    past = [(lanes, silent) for lanes, silent in silences if silent >= dt.timedelta()]
    heard = {lane for lanes, silent in past if silent <= SILENT_AFTER for lane in lanes}
    if heard >= set(LANES):
        return PartHealth("worker", is_ok=True)
    if heard:
        missing = " or ".join(lane for lane in LANES if lane not in heard)
        return PartHealth("worker", is_ok=False, detail=f"No worker takes {missing} work.")
    shortest = min((silent for _, silent in past), default=None)
    when = "by the present clock" if shortest is None else f"{int(shortest.total_seconds())} s ago"
    detail = f"No worker was heard {when}." if shortest is None else f"The last worker was heard {when}."
    return PartHealth("worker", is_ok=False, detail=detail)


@dataclass(frozen=True, slots=True)
class LaneLoad:
    """What a lane holds, for the operator: jobs by state, and for how long the oldest that waits has been due."""

    lane: Lane
    jobs: Mapping[str, int]
    oldest_s: float


def measure_lanes() -> list[LaneLoad]:
    """Count the jobs of each lane in each state, in two queries."""
    counts = {lane: dict.fromkeys(Job.State.values, 0) for lane in LANES}
    for lane, state, count in Job.objects.values_list("lane", "state").annotate(count=Count("pk")).order_by():
        counts["short" if lane == "short" else "long"][state] = count
    queued = Job.objects.filter(state=Job.State.QUEUED, not_before__lte=Now())
    waits = dict(queued.values_list("lane").annotate(wait=Max(Now() - F("not_before"))).order_by())
    return [
        LaneLoad(lane, counts[lane], waits[lane].total_seconds() if lane in waits else 0.0) for lane in LANES
    ]


def _say(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or ["It does not answer."])[0]
