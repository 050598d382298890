"""Whether the storage of an account, or of a group that has its own, has room for what is promised."""

import math

from django.db.models import Sum

from repository.errors import QuotaExceededError
from repository.models import DataFile, Deposit, Group, User
from repository.models.stored_object import measure_use
from repository.services.disk import format_bytes


def require_quota(deposit: Deposit, size: int) -> None:
    """Make sure that so many bytes more fit; others of the account or group wait until this transaction ends.

    Raises
    ------
    QuotaExceededError
        They do not fit; where collecting deleted files will make room, it says from when.
    """
    if deposit.group_id is not None and require_group_quota(deposit.group_id, size):
        return
    require_account_quota(deposit.owner, size)


def require_group_quota(group_id: str, size: int) -> bool:
    """Make sure that so many bytes more fit into a group; return whether it has a quota of its own at all.

    Raises
    ------
    QuotaExceededError
        They do not fit.
    """
    group = Group.objects.select_for_update(no_key=True).get(pk=group_id)
    if group.quota_bytes is None:
        return False
    used = measure_group_use(group)
    if used + size > group.quota_bytes:
        raise QuotaExceededError(
            f"{format_bytes(size)} more would exceed the {format_bytes(group.quota_bytes)} of the group {group.name};"
            f" {format_bytes(used)} are in use.",
            hint="Delete what the group does not need, or ask the operator for more room for it.",
        )
    return True


def measure_group_use(group: Group) -> int:
    """Return the bytes of the files of a group's deposits, stored or promised."""
    return DataFile.objects.filter(deposit__group=group).aggregate(total=Sum("size"))["total"] or 0


def require_account_quota(owner: User, size: int) -> None:
    """Make sure that so many bytes more fit into an account; see `require_quota`."""
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
