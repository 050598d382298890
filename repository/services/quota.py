"""Whether an account's storage has room for what is promised."""

import math

from repository.errors import QuotaExceededError
from repository.models import User
from repository.models.stored_object import measure_use
from repository.services.disk import format_bytes


def require_quota(owner: User, size: int) -> None:
    """Make sure that so many bytes more fit; others of the account wait until this transaction ends.

    Raises
    ------
    QuotaExceededError
        They do not fit; where collecting deleted files will make room, it says from when.
    """
    # Uploads into two deposits of one account are promised one after the other: together they must fit.
    owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    use = measure_use(owner)
    if use.used + size <= use.quota:
        return
    sentence = (
        f"{format_bytes(size)} more would exceed the account's {format_bytes(use.quota)};"
        f" {format_bytes(use.used)} are in use."
    )
    if use.makes_room_at is None or use.files + size > use.quota:
        raise QuotaExceededError(sentence)
    raise QuotaExceededError(
        f"{sentence} Of these, {format_bytes(use.waiting)} are of deleted files that are still stored;"
        f" from {use.makes_room_at:%Y-%m-%d %H:%M:%S} UTC they are removed as soon as a file needs their room.",
        hint="Send the file again after that time.",
        retry_after_s=math.ceil(use.makes_room_in_s) + 1,
    )
