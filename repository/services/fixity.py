"""Whether stored bytes are still those that were stored: found out by reading them, written down once.

`StoredObject.damaged_at` is the only place that knows. Pages, API and byte routes ask it; nothing is copied from it, so
that bytes which are good again are good everywhere at once.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from repository.integrations.object_store import DigestMismatchError, ObjectMissingError
from repository.marks import DAMAGE, change_marks, find_group
from repository.models import Deposit, StoredObject
from repository.models.sorting import version_files, version_measurements
from repository.schema.findings import Finding
from repository.services.audit import record_event
from repository.services.storage import ObjectStoreUnavailableError, get_object_store
from repository.services.store_mark import require_own_store

log = structlog.get_logger(__name__)
MISSING = "It is missing."
FIRST_CHECK_AFTER = dt.timedelta(days=1)
"""What was hashed while it was written is read again soon, when it comes from the medium and not from memory."""


class ObjectUnreadableError(ObjectStoreUnavailableError):
    """The store is there and refuses this object, for now or for good: the others can be read."""


def check_object(sha256: str) -> str:
    """Read a whole object and write down what was found; return what is wrong with it, or an empty text.

    Raises
    ------
    ObjectStoreUnavailableError
        The store does not answer, or is not the one that it should be: nothing is said about the object then.
    ObjectUnreadableError
        Only this object cannot be read; nothing is said about it either.
    """
    damage = _look_for_damage(sha256)
    if damage:
        record_damage(sha256, damage)
    else:
        record_whole(sha256)
    return damage


def _look_for_damage(sha256: str) -> str:
    try:
        get_object_store().verify(sha256)
    except ObjectMissingError:
        require_own_store()
        return MISSING
    except DigestMismatchError as fault:
        words = str(fault).replace(f"the object {sha256}", "it").replace(sha256, "it")
        return f"{words[:1].upper()}{words[1:]}."
    except ObjectStoreUnavailableError as fault:
        require_own_store()
        raise ObjectUnreadableError(str(fault)) from fault
    return ""


def record_damage(sha256: str, damage: str) -> None:
    """Write down that the bytes of an object are not good; said first, it is also recorded and logged."""
    with transaction.atomic():
        stored = _lock_row(sha256)
        if stored is None or stored.damaged_at is not None:
            return
        StoredObject.objects.filter(pk=sha256).update(damaged_at=Now(), damage=damage)
        transaction.on_commit(_tell_web_processes)
        record_event(
            actor=None, action="object.damage", target=sha256, detail={"size": stored.size, "damage": damage}
        )
    log.error("object_damaged", sha256=sha256, size=stored.size, damage=damage)


def record_whole(sha256: str) -> None:
    """Write down that the bytes of an object are those that its name promises; what was damaged is so no longer."""
    with transaction.atomic():
        stored = _lock_row(sha256)
        if stored is None:
            return
        StoredObject.objects.filter(pk=sha256).update(verified_at=Now(), damaged_at=None, damage="")
        if stored.damaged_at is None:
            return
        transaction.on_commit(_tell_web_processes)
        record_event(actor=None, action="object.mend", target=sha256, detail={"damage": stored.damage})
    log.warning("object_mended", sha256=sha256, size=stored.size)


def _tell_web_processes() -> None:
    """Have all web processes of this host ask anew, before whoever found out goes on."""
    change_marks([find_group(DAMAGE)])


def is_damaged(sha256: str) -> bool:
    """Return whether an object is known to be damaged."""
    return StoredObject.objects.filter(pk=sha256, damaged_at__isnull=False).exists()


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What is known of an object without looking at it."""

    size: int
    is_damaged: bool


def describe_objects(digests: Iterable[str]) -> dict[str, ObjectState]:
    """Return what is known of these objects."""
    rows = StoredObject.objects.filter(pk__in=set(digests)).values_list("pk", "size", "damaged_at")
    return {sha256: ObjectState(size, damaged_at is not None) for sha256, size, damaged_at in rows}


def note_fresh_bytes(sha256: str) -> None:
    """Take damage back after the same bytes were brought again: they were checked and stand in the old ones' place."""
    if is_damaged(sha256):
        check_object(sha256)


def _lock_row(sha256: str) -> StoredObject | None:
    """Return the object's row; `None` where nobody refers to it any more and it was removed."""
    return StoredObject.objects.select_for_update().filter(pk=sha256, is_present=True).first()


def list_damage_findings(deposit: Deposit) -> list[Finding]:
    """Return an error for each file and array of a draft that is damaged: a version of it could not be read."""
    damaged = StoredObject.objects.filter(damaged_at__isnull=False).values("pk")
    files = version_files(deposit).filter(sha256__in=damaged).values_list("path", flat=True)
    arrays = version_measurements(deposit).filter(signals__objects_stored__sha256__in=damaged)
    paths = arrays.values_list("primary_file__path", flat=True).distinct()
    return [
        *(describe_damaged_file(path) for path in files),
        *(
            Finding(
                severity="error",
                code="damaged_array",
                layer="file",
                message=f"The array converted from {path} is damaged in the store.",
                hint="Ask the operator to convert it again; the file itself is not concerned.",
            )
            for path in paths.order_by("primary_file__path")
        ),
    ]


def describe_damaged_file(path: str) -> Finding:
    """Return what is said of a file whose stored bytes are not good."""
    return Finding(
        severity="error",
        code="damaged_file",
        layer="file",
        message=f"What is stored of {path} is damaged: it is not what was uploaded any more.",
        hint="Upload the same file again under the same name, or take it out of the deposit; then hand it in again.",
    )


def list_due(*, most: int) -> list[tuple[str, int]]:
    """Return digest and size of the objects that are to be read again, those read the longest time ago first.

    What is known to be damaged is not read again by itself: it does not get better, and the operator says when it did.
    """
    kept = StoredObject.objects.filter(
        damaged_at__isnull=True, unreferenced_since__isnull=True, is_present=True
    )
    fresh = kept.filter(verified_at__isnull=True, touched_at__lt=Now() - FIRST_CHECK_AFTER)
    due = list(fresh.order_by("touched_at", "pk").values_list("pk", "size")[:most])
    known = kept.filter(verified_at__lt=Now() - settings.FIXITY_CYCLE)
    due += known.order_by("verified_at", "pk").values_list("pk", "size")[: most - len(due)]
    return due


def list_all(*, only_damaged: bool = False) -> list[str]:
    """Return the digests of all objects, or of those known to be damaged."""
    objects = StoredObject.objects.filter(is_present=True)
    if only_damaged:
        objects = objects.filter(damaged_at__isnull=False)
    return list(objects.order_by("pk").values_list("pk", flat=True))
