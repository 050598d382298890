"""Objects in the store, and what an account uses of its quota: its files, and bytes of deleted ones still stored."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Max, Q, Sum
from django.db.models.functions import Greatest, Now

from repository.models.accounts import User
from repository.models.data_file import SHA256_PATTERN, DataFile


class StoredObject(models.Model):
    """What the object store holds: the row is there before the bytes are, and until after they are gone.

    The times are the database's. The bytes may lie there while `is_present` is false, but nobody may rely on it.
    """

    sha256 = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    touched_at = models.DateTimeField(
        db_default=Now(),
        help_text="When a writer last announced that it brings these bytes, or found them there.",
    )
    unreferenced_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when no row refers to it; empty: one does, or nobody looked yet.",
    )
    is_present = models.BooleanField(
        default=True,
        db_default=True,
        help_text="False before the bytes are brought, and from before they are removed: nobody may refer to them.",
    )
    charged_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="charged_objects",
        help_text="Who deleted a file with these bytes, and uses storage for them until they are gone.",
    )
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When the bytes last had the digest that is their name."
    )
    damaged_at = models.DateTimeField(
        null=True, blank=True, help_text="When they were found to have another."
    )
    damage = models.TextField(blank=True, default="", db_default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["unreferenced_since"],
                name="stored_object_unreferenced",
                condition=Q(unreferenced_since__isnull=False),
            ),
            models.Index(
                fields=["charged_to"], name="stored_object_charged", condition=Q(charged_to__isnull=False)
            ),
            models.Index(fields=["verified_at"], name="stored_object_verified"),
            models.Index(
                fields=["damaged_at"], name="stored_object_damaged", condition=Q(damaged_at__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="stored_object_size_not_negative", condition=Q(size__gte=0)),
            models.CheckConstraint(
                name="stored_object_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256} ({self.size} bytes)"


class StoreWalk(models.Model):
    """How far a round over all objects has come: a walk that is killed goes on from here."""

    name = models.CharField(primary_key=True, max_length=40)
    position = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text="The last digest that was looked at; empty: a new round.",
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the round under way began.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When a round last came to its end.")

    def __str__(self) -> str:
        return f"{self.name} at {self.position or 'the start'}"


@dataclass(frozen=True, slots=True)
class StorageUse:
    """How much of the quota is used, and what of it will be free.

    Attributes
    ----------
    files
        Bytes of the account's files, stored or promised; equal bytes count once for each file.
    waiting
        Bytes of files that were deleted and are not removed yet.
    waiting_until
        From when all of these are removed by themselves; `None` where there are none.
    makes_room_at
        From when all of these are removed at once where an upload of the account needs their room.
    makes_room_in_s
        The seconds until then, by the database's clock.
    """

    quota: int
    files: int
    waiting: int
    waiting_until: dt.datetime | None
    makes_room_at: dt.datetime | None
    makes_room_in_s: float

    @property
    def used(self) -> int:
        """Return the bytes that count against the quota."""
        return self.files + self.waiting


def measure_use(owner: User) -> StorageUse:
    """Return what the account uses just now."""
    quota = settings.QUOTA_BYTES if owner.quota_bytes is None else owner.quota_bytes
    # Files first: what is deleted between the two looks is counted twice rather than not at all.
    # What a group with a quota of its own carries is not the owner's.
    own = DataFile.objects.filter(deposit__owner=owner, deposit__group__quota_bytes__isnull=True)
    files = own.aggregate(total=Sum("size"))["total"] or 0
    waiting = StoredObject.objects.filter(charged_to=owner).aggregate(
        total=Sum("size"), last=Max(Greatest("unreferenced_since", "touched_at")), now=Max(Now())
    )
    last: dt.datetime | None = waiting["last"]
    if last is None:
        return StorageUse(quota, files, 0, None, None, 0.0)
    soon = last + own_grace()
    return StorageUse(
        quota=quota,
        files=files,
        waiting=waiting["total"],
        waiting_until=last + settings.COLLECT_GRACE,
        makes_room_at=soon,
        makes_room_in_s=max(0.0, (soon - waiting["now"]).total_seconds()),
    )


def own_grace() -> dt.timedelta:
    """Return how long deleted bytes are left alone when their owner needs the room."""
    own: dt.timedelta = settings.COLLECT_OWN_GRACE
    return min(own, settings.COLLECT_GRACE)
