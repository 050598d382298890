"""Attempts are counted in the database: all processes see the same counts, by one clock.

Where the database does not answer, counting raises its error and the request fails: nothing is ever let through
uncounted.
"""

import math

from django.db import connection, transaction

from repository.errors import LimitExceededError
from repository.limits import LONGEST_SPAN_S, Charge, fold_name
from repository.mail_addresses import canonicalize_address

# An attempt pushes `paid_until` on by a step; beyond a whole span ahead of now there is no room. What lies further
# ahead than it can have been set was written before the clock was set back, and counts as nothing.
_COUNT = """
INSERT INTO repository_limitcount AS held (key, paid_until)
VALUES (%(key)s, clock_timestamp() + %(step)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET paid_until = CASE
    WHEN held.paid_until > clock_timestamp() + (%(span)s + 60) * interval '1 second' THEN excluded.paid_until
    WHEN held.paid_until + %(step)s * interval '1 second' <= clock_timestamp() + %(span)s * interval '1 second'
        THEN greatest(held.paid_until, clock_timestamp()) + %(step)s * interval '1 second'
    ELSE held.paid_until END
RETURNING
    old.paid_until IS DISTINCT FROM new.paid_until,
    extract(epoch FROM new.paid_until - clock_timestamp())::float8 + %(step)s - %(span)s
"""
_GIVE_BACK = """
UPDATE repository_limitcount SET paid_until = paid_until - %(step)s * interval '1 second' WHERE key = %(key)s
"""
# Whoever counts just now keeps the row: nobody waits for the removal, and it waits for nobody.
_REMOVE = """
DELETE FROM repository_limitcount WHERE key IN (
    SELECT key FROM repository_limitcount
    WHERE paid_until < clock_timestamp() OR paid_until > clock_timestamp() + %s * interval '1 second'
    FOR UPDATE SKIP LOCKED
)
"""


def count_attempt(*charges: Charge) -> None:
    """Count one attempt under every limit, or under none: what is refused uses nothing up.

    Call it before the attempt and outside a transaction, which would make others of the same subject wait for its end.

    Raises
    ------
    LimitExceededError
        One of the limits has no room; it says how long to wait.
    """
    if len(charges) == 1:
        _require_room(_count(charges[0]))
        return
    with transaction.atomic():
        # Always in the same order: two attempts that share subjects never wait for each other.
        _require_room(max(_count(charge) for charge in sorted(charges, key=lambda charge: charge.key)))


def fold_typed(text: str) -> str:
    """Return the one spelling under which a name or a mail address that somebody typed is counted."""
    return canonicalize_address(text) or fold_name(text)


def has_room(charge: Charge) -> bool:
    """Count one attempt under one limit if it has room, and return whether it had: for counts that nobody is told."""
    return _count(charge) == 0


def give_back(*charges: Charge) -> None:
    """Take back an attempt that turned out to be right: only wrong passwords count."""
    with connection.cursor() as cursor:
        for charge in sorted(charges, key=lambda charge: charge.key):
            cursor.execute(_GIVE_BACK, {"key": charge.key, "step": charge.step_s})


def remove_past_counts() -> int:
    """Remove what has come back in full, and what a clock that was set back left in the future."""
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, [2 * LONGEST_SPAN_S])
        return int(cursor.rowcount)


def _count(charge: Charge) -> float:
    """Return the seconds to wait; 0 where the attempt was counted."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": charge.key, "step": charge.step_s, "span": charge.span_s})
        was_counted, wait_s = cursor.fetchone()
    return 0.0 if was_counted else max(float(wait_s), 0.001)


def _require_room(wait_s: float) -> None:
    if wait_s > 0:
        raise LimitExceededError(
            f"Too many attempts. Try again in {_say_duration(wait_s)}.", wait_s=math.ceil(wait_s)
        )


def _say_duration(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:  # noqa: PLR2004  # two minutes
        return "one second" if whole == 1 else f"{whole} seconds"
    return f"{math.ceil(whole / 60)} minutes"
