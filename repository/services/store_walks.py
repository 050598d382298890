"""Walks over all objects, batch by batch: rows to which nothing refers are marked, objects without a row get one.

How far a walk has come is a row of its own, so it goes on after a kill, and two processes never take the same step.
"""

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from repository.integrations.object_store import ListedObject
from repository.models import StoredObject, StoreWalk
from repository.services.references import find_referenced, is_referenced, is_unreferenced
from repository.services.storage import open_whole_store

BATCH = 2000
STEP_S = 3.0
MARK_PAUSE = dt.timedelta(minutes=10)
LIST_PAUSE = dt.timedelta(
    days=1
)  # only a kill between the store and the database leaves an object without a row

Look = Callable[[str], tuple[str, int]]
"""Looks at the batch behind a digest; returns the last one of it, empty at the end, and how many it changed."""


def mark_unreferenced(*, seconds: float = STEP_S, pause: dt.timedelta = MARK_PAUSE) -> int:
    """Go on marking the objects to which no row refers; return how many were marked."""
    return _walk("mark", _mark_batch, pause=pause, seconds=seconds)


def note_unlisted(*, seconds: float = STEP_S, pause: dt.timedelta = LIST_PAUSE) -> int:
    """Go on writing rows for objects of the store that have none; return how many were written."""
    return _walk("list", _note_batch, pause=pause, seconds=seconds)


def list_unlisted() -> Iterator[ListedObject]:
    """Yield the objects of the store that have no row, changing nothing."""
    objects = open_whole_store().list_objects()
    while batch := list(islice(objects, BATCH)):
        yield from _without_row(batch)


def _walk(name: str, look: Look, *, pause: dt.timedelta, seconds: float) -> int:
    StoreWalk.objects.get_or_create(pk=name)
    end = time.monotonic() + seconds
    changed = 0
    while True:
        is_over, count = _step(name, look, pause)
        changed += count
        if is_over or time.monotonic() > end:
            return changed


def _step(name: str, look: Look, pause: dt.timedelta) -> tuple[bool, int]:
    """Take one batch, unless another process is at it or the last round is too short ago."""
    is_due = (
        ~Q(position="")
        | Q(finished_at__isnull=True)
        | Q(finished_at__lte=Now() - pause)
        | Q(finished_at__gt=Now())
    )
    with transaction.atomic():
        walk = StoreWalk.objects.select_for_update(skip_locked=True).filter(is_due, pk=name).first()
        if walk is None:
            return True, 0
        position, count = look(walk.position)
        changes: dict[str, Any] = {"position": position}
        if not walk.position:
            changes["started_at"] = Now()
        if not position:
            changes["finished_at"] = Now()
        StoreWalk.objects.filter(pk=name).update(**changes)
    return not position, count


def _mark_batch(position: str) -> tuple[str, int]:
    digests = list(
        StoredObject.objects.filter(pk__gt=position).order_by("pk").values_list("pk", flat=True)[:BATCH]
    )
    if not digests:
        return "", 0
    rows = StoredObject.objects.filter(pk__gt=position, pk__lte=digests[-1])
    lost = rows.filter(is_unreferenced(), unreferenced_since__isnull=True)
    marked = _update(list(lost.values_list("pk", flat=True)), unreferenced_since=Now())
    # A charge ends with the grace time, whoever else has the same bytes: its end tells nothing about others.
    found = rows.filter(is_referenced(), unreferenced_since__isnull=False, charged_to__isnull=True)
    _update(list(found.values_list("pk", flat=True)), unreferenced_since=None)
    return digests[-1] if len(digests) == BATCH else "", marked


def _update(digests: Collection[str], **changes: Any) -> int:
    """Change rows, but for those that somebody is at just now: the next round comes by."""
    rows = StoredObject.objects.select_for_update(skip_locked=True).filter(pk__in=digests).order_by("pk")
    return StoredObject.objects.filter(pk__in=[row.pk for row in rows.only("pk")]).update(**changes)


def _note_batch(position: str) -> tuple[str, int]:
    listed = list(islice(open_whole_store().list_objects(after=position), BATCH))
    unlisted = list(_without_row(listed))
    # What a row refers to is there to stay. The rest may be removed just now: nobody may rely on it.
    referenced = find_referenced(item.digest for item in unlisted)
    StoredObject.objects.bulk_create(
        [
            StoredObject(sha256=item.digest, size=item.size, is_present=item.digest in referenced)
            for item in unlisted
        ],
        ignore_conflicts=True,
    )
    return listed[-1].digest if len(listed) == BATCH else "", len(unlisted)


def _without_row(listed: Collection[ListedObject]) -> Iterator[ListedObject]:
    known = set(
        StoredObject.objects.filter(pk__in=[item.digest for item in listed]).values_list("pk", flat=True)
    )
    return (item for item in listed if item.digest not in known)
