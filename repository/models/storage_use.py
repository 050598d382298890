"""What an account uses of its quota: its files, and bytes of deleted ones that are still stored."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max, Sum
from django.db.models.functions import Greatest, Now

from repository.models.accounts import User
from repository.models.data_file import DataFile
from repository.models.stored_object import StoredObject


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
    files = DataFile.objects.filter(deposit__owner=owner).aggregate(total=Sum("size"))["total"] or 0
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
