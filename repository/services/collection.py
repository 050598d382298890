"""Removing stored bytes that nobody owns, in two phases with a grace time between them.

The first phase marks objects to which no row refers (`repository/services/store_walks.py`). The second takes those
marked for long enough, looks again with their rows locked, gives them up, and only then removes their bytes: who
would refer to them meanwhile is refused (`hold_objects`) or brings them anew (`adopt_object`). A process killed at
any line leaves a state from which the next round goes on; what it removed is in the audit trail exactly once.
"""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now

from repository.models import Deposit, StoredObject
from repository.models.stored_object import own_grace
from repository.services.audit import record_event
from repository.services.references import find_referenced, is_unreferenced
from repository.services.storage import open_whole_store

BATCH = 50
"""Objects whose rows are locked together: a writer of one of them waits while the others are removed."""

HOLD_S = 2.0
"""So long at most, however slow the store is, and for the one removal that is under way."""

ROUND_S = 10.0
OWN_ROUND_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """How much a round has removed."""

    count: int = 0
    size: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.count + other.count, self.size + other.size)


@dataclass(frozen=True, slots=True)
class Forecast:
    """An object that a round would remove."""

    digest: str
    size: int
    unreferenced_since: dt.datetime | None


def collect_objects(*, seconds: float = ROUND_S) -> Removed:
    """Remove what has been without a reference, and untouched, for the grace time; at most for so many seconds."""
    return _collect(_is_due(), seconds=seconds)


def collect_charged(*, deposit_id: str, seconds: float = OWN_ROUND_S) -> bool:
    """Remove what the owner of a deposit has deleted, as the quota presses; return whether it is less now.

    The bytes are those of deleted files, known to nobody any more but to the owner, so a short grace will do: it
    is over before an answer or a job that began with them can want more than it holds open.
    """
    owner = Deposit.objects.filter(pk=deposit_id).values_list("owner_id", flat=True).first()
    charged = StoredObject.objects.filter(charged_to=owner)
    moment = Now() - own_grace()
    former = charged.count()
    _collect(Q(charged_to=owner, unreferenced_since__lte=moment, touched_at__lte=moment), seconds=seconds)
    return charged.count() < former


def forecast_collection() -> Iterator[Forecast]:
    """Yield what the next round would remove, changing nothing."""
    due = StoredObject.objects.filter(_is_due() & is_unreferenced()).order_by("unreferenced_since", "pk")
    for row in due.iterator(chunk_size=1000):
        yield Forecast(row.pk, row.size, row.unreferenced_since)


def count_waiting() -> Removed:
    """Return how much has no reference, marked or not, whether or not its grace time is over."""
    waiting = StoredObject.objects.filter(is_unreferenced())
    return Removed(waiting.count(), waiting.aggregate(total=Sum("size"))["total"] or 0)


def _is_due() -> Q:
    moment = Now() - settings.COLLECT_GRACE
    return Q(unreferenced_since__lte=moment, touched_at__lte=moment)


def _collect(due: Q, *, seconds: float) -> Removed:
    end = time.monotonic() + seconds
    total = Removed()
    while batch := _give_up(due):
        total += _remove(batch)
        if time.monotonic() > end:
            break
    if total.count:
        log.info("objects_collected", count=total.count, bytes=total.size)
    return total


def _give_up(due: Q) -> list[str]:
    """Take a batch to which nothing refers out of everybody's reach; its bytes are still there."""
    with transaction.atomic():
        rows = StoredObject.objects.select_for_update(skip_locked=True).filter(due)
        locked = [row.pk for row in rows.order_by("unreferenced_since", "pk").only("pk")[:BATCH]]
        # A statement of its own: it sees what was written down while the locks were waited for.
        kept = find_referenced(locked)
        StoredObject.objects.filter(pk__in=kept).update(unreferenced_since=None, charged_to=None)
        StoredObject.objects.filter(pk__in=set(locked) - kept).update(is_present=False)
    return locked


def _remove(batch: list[str]) -> Removed:
    """Remove the bytes of what was given up, then the rows; whoever has touched one meanwhile keeps it."""
    store = open_whole_store()
    with transaction.atomic():
        given_up = StoredObject.objects.select_for_update(skip_locked=True).filter(
            pk__in=batch, is_present=False, unreferenced_since__isnull=False
        )
        rows: list[StoredObject] = []
        end = time.monotonic() + HOLD_S
        for row in given_up.order_by("pk"):
            store.remove(row.pk)
            rows.append(row)
            if time.monotonic() > end:  # the rest stays given up, for the next batch
                break
        removed = Removed(len(rows), sum(row.size for row in rows))
        if rows:
            StoredObject.objects.filter(pk__in=[row.pk for row in rows]).delete()
            record_event(
                actor=None,
                action="objects.collect",
                target="objects",
                detail={"count": removed.count, "bytes": removed.size, "sha256": [row.pk for row in rows]},
            )
    return removed
