"""Which group a deposit belongs to."""

from django.db import transaction
from django.db.models import Sum

from repository.errors import NotFoundError, StateConflictError
from repository.models import Deposit, Membership, User
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit
from repository.services.groups import lock_group
from repository.services.offers import take_back_offers
from repository.services.quota import require_account_quota, require_group_quota


def put_into_group(*, deposit_id: str, actor: User, group_id: str) -> Deposit:
    """Let a deposit belong to a group of the person's: its members look into it from now on.

    Raises
    ------
    NotFoundError
        There is no such group, or the person is not in it: a stranger cannot tell which.
    StateConflictError
        The deposit belongs to another group: whoever manages that one hands nothing of its on.
    QuotaExceededError
        The group has a quota of its own, into which the deposit's files do not fit.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        group = lock_group(group_id=group_id)
        if not (actor.is_administrator or group.memberships.filter(user=actor).exists()):
            raise NotFoundError(f"There is no group {group_id}.")
        if deposit.group_id == group.pk:
            return deposit
        if deposit.group_id is not None:
            raise StateConflictError(
                f"The deposit {deposit.pk} belongs to another group.", hint="Take it out of that one first."
            )
        require_group_quota(group.pk, _measure(deposit))
        _move(deposit, group.pk)
        for target, detail in ((deposit.pk, {"group": group.pk}), (group.pk, {"deposit": deposit.pk})):
            record_event(actor=actor, action="group.add_deposit", target=target, detail=detail)
    return deposit


def take_out_of_group(*, deposit_id: str, actor: User) -> Deposit:
    """Let a deposit be its owners' alone; in no group it stays as it is.

    Raises
    ------
    QuotaExceededError
        The group's quota carried its files, and that of its owner has no room for them.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        group = deposit.group
        if group is None:
            return deposit
        if group.quota_bytes is not None:
            require_account_quota(deposit.owner, _measure(deposit))
        _move(deposit, None)
        for row in group.memberships.filter(role=Membership.Role.MANAGER).select_related("user"):
            take_back_offers(deposit_ids=[deposit.pk], user=row.user, actor=actor)
        for target, detail in ((deposit.pk, {"group": group.pk}), (group.pk, {"deposit": deposit.pk})):
            record_event(actor=actor, action="group.remove_deposit", target=target, detail=detail)
    return deposit


def _measure(deposit: Deposit) -> int:
    return deposit.files.aggregate(total=Sum("size"))["total"] or 0


def _move(deposit: Deposit, group_id: str | None) -> None:
    deposit.group_id = group_id
    Deposit.objects.filter(pk=deposit.pk).update(group_id=group_id)
