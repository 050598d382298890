"""Which waiting job is served next: depositors take turns, and each one's jobs go by age.

The order is decided here, by the database, for every worker and for everybody who asks how long it takes. A waiting
job's `level` is the number of jobs of its depositor in this lane that run or wait before it: whoever has the fewest
comes first, among these whoever has been served the longest time ago.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from repository.lanes import ONE_AT_A_TIME, Lane

LONGEST_PAUSE = dt.timedelta(minutes=5)
"""The longest that a job is told to wait before it is tried again."""

_CLAIMED_AT_ONCE = 32  # how many workers may claim in the same moment without one of them finding nothing

# A time that lies further ahead than any ever was set was written before the database's clock jumped back.
_IS_DUE = """
    (not_before <= statement_timestamp() - %(waited)s OR not_before > statement_timestamp() + %(longest_pause)s)
    AND attempt < max_attempts
"""
_LEASE_IS_OVER = """
    (lease_until < statement_timestamp() - %(waited)s OR lease_until > statement_timestamp() + %(longest_lease)s)
    AND attempt < max_attempts
"""
_IS_HELD = """
    lease_until BETWEEN statement_timestamp() AND statement_timestamp() + %(longest_lease)s
"""
# Jumps along the index from depositor to depositor instead of reading every waiting row.
_TURNS = """
WITH RECURSIVE waiting(depositor) AS (
    (SELECT depositor FROM repository_job WHERE lane = %(lane)s AND state = 'queued' ORDER BY depositor LIMIT 1)
    UNION ALL
    SELECT (
        SELECT later.depositor FROM repository_job later
        WHERE later.lane = %(lane)s AND later.state = 'queued' AND later.depositor > waiting.depositor
        ORDER BY later.depositor LIMIT 1
    )
    FROM waiting WHERE waiting.depositor IS NOT NULL
), turn AS MATERIALIZED (
    SELECT depositor, (
        SELECT count(*) FROM repository_job held
        WHERE held.lane = %(lane)s AND held.state = 'running' AND held.depositor = waiting.depositor
    ) AS running, (
        SELECT served.started_at FROM repository_job served
        WHERE served.lane = %(lane)s AND served.depositor = waiting.depositor
          AND served.started_at <= statement_timestamp()
        ORDER BY served.started_at DESC LIMIT 1
    ) AS served_at
    FROM waiting WHERE depositor IS NOT NULL
)"""
# At one level, whoever was not served at the level before comes first: the others just were.
_ORDER = "level, rank, served_at NULLS FIRST, depositor"
# Of each depositor only the oldest few: as many as could be claimed in one moment. Work that lost its worker had its
# turn already.
_NEXT = f"""
{_TURNS}, busy AS MATERIALIZED (
    SELECT kind FROM repository_job
    WHERE lane = %(lane)s AND state = 'running' AND kind = ANY(%(one_at_a_time)s) AND {_IS_HELD}
), claimable AS (
    SELECT own.id, turn.running + own.rank AS level, own.rank, turn.served_at, turn.depositor
    FROM turn CROSS JOIN LATERAL (
        SELECT id, row_number() OVER (ORDER BY created_at, id) - 1 AS rank
        FROM (
            SELECT id, created_at FROM repository_job
            WHERE lane = %(lane)s AND state = 'queued' AND depositor = turn.depositor AND {_IS_DUE}
              AND kind NOT IN (SELECT kind FROM busy)
            ORDER BY created_at, id LIMIT 1 + {_CLAIMED_AT_ONCE} / (SELECT count(*) FROM turn)
        ) oldest
    ) own
    UNION ALL
    SELECT id, -1, 0, lease_until, depositor FROM repository_job
    WHERE lane = %(lane)s AND state = 'running' AND {_LEASE_IS_OVER}
      AND kind NOT IN (SELECT kind FROM busy)
)
SELECT job.id, job.kind
FROM (SELECT id, level FROM claimable ORDER BY {_ORDER} LIMIT {_CLAIMED_AT_ONCE}) candidate
CROSS JOIN LATERAL (
    SELECT id, kind FROM repository_job
    WHERE id = candidate.id AND (state = 'queued' OR candidate.level = -1)
    FOR UPDATE SKIP LOCKED
) job
LIMIT 1
"""  # noqa: S608
_POSITIONS = f"""
{_TURNS}, line AS (
    SELECT own.id, turn.running + own.rank AS level, own.rank, turn.served_at, turn.depositor
    FROM (
        SELECT id, depositor, row_number() OVER (PARTITION BY depositor ORDER BY created_at, id) - 1 AS rank
        FROM repository_job WHERE lane = %(lane)s AND state = 'queued' AND {_IS_DUE}
    ) own JOIN turn USING (depositor)
), position AS (SELECT id, row_number() OVER (ORDER BY {_ORDER}) - 1 AS before FROM line)
SELECT id, before FROM position WHERE id = ANY(%(ids)s)
"""  # noqa: S608


def is_due() -> Q:
    """Return the condition that a job's time has come."""
    return Q(not_before__lte=Now()) | Q(not_before__gt=Now() + LONGEST_PAUSE)


def is_lease_over() -> Q:
    """Return the condition that nobody has extended the lease in time."""
    return Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + longest_lease())


def longest_lease() -> dt.timedelta:
    """Return how far ahead a lease may end; twice ours, where another worker was given longer ones."""
    return 2 * dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)


def lock_next_job(lane: Lane, *, waited: dt.timedelta) -> uuid.UUID | None:
    """Return the job of the lane that is next, locked for this transaction; `None` when none waits that long.

    Of a kind that runs one at a time it is the only one: two processes that look in the same moment look in turn.
    """
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT, _parameters(lane, waited=waited))
            row = cursor.fetchone()
            if row is None:
                return None
            job_id: uuid.UUID = row[0]
            kind: str = row[1]
            if kind not in ONE_AT_A_TIME or _is_alone(cursor, kind):
                return job_id


def _is_alone(cursor: Any, kind: str) -> bool:
    """Return whether nobody does a job of this kind, nor begins one before this transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('repository_job'), hashtext(%s))", [kind])
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM repository_job WHERE state = 'running' AND kind = %(kind)s AND {_IS_HELD})",  # noqa: S608
        {"kind": kind, "longest_lease": longest_lease()},
    )
    return not cursor.fetchone()[0]


def list_positions(lane: Lane, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many jobs of the lane are before each of these; one that has to pause has no place in the line."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {**_parameters(lane), "ids": list(ids)})
        return dict(cursor.fetchall())


def _parameters(lane: Lane, *, waited: dt.timedelta = dt.timedelta()) -> dict[str, Any]:
    return {
        "lane": lane,
        "waited": waited,
        "longest_pause": LONGEST_PAUSE,
        "longest_lease": longest_lease(),
        "one_at_a_time": list(ONE_AT_A_TIME),
    }
