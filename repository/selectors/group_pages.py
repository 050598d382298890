"""A group with everything that is shown of it."""

from dataclasses import dataclass

from django.db.models import Sum

from repository.models import Deposit, Group
from repository.selectors import addresses
from repository.selectors.groups import EventView, MemberView, can_manage, list_history, list_members
from repository.selectors.sharing import InvitationView, view_invitations
from repository.selectors.visibility import Visitor, find_group_role

MOST_DEPOSITS = 200


@dataclass(frozen=True, slots=True)
class HeldDepositView:
    """A deposit of a group in a list."""

    id: str
    title: str
    state: str
    state_label: str
    owner: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Everything that is shown of a group.

    Attributes
    ----------
    role
        What the visitor is in it; empty for a curator.
    quota, used
        In bytes; without a quota its deposits count against that of their owners.
    invitations, history
        For managers; nobody else is told who is invited.
    """

    id: str
    name: str
    ror: str
    role: str
    may_manage: bool
    quota: int | None
    used: int
    members: tuple[MemberView, ...]
    invitations: tuple[InvitationView, ...]
    deposits: tuple[HeldDepositView, ...]
    history: tuple[EventView, ...]


def describe_group(visitor: Visitor, group: Group) -> GroupView:
    """Return everything that a visitor who was let in to a group is shown of it, in a fixed number of queries."""
    may_manage = can_manage(visitor, group)
    waiting = group.invitations.filter(outcome="").select_related("message")
    return GroupView(
        id=group.pk,
        name=group.name,
        ror=group.ror_address,
        role=find_group_role(visitor.account, group.pk) if visitor.account is not None else "",
        may_manage=may_manage,
        quota=group.quota_bytes,
        used=group.held_deposits.aggregate(total=Sum("files__size"))["total"] or 0,
        members=tuple(list_members(group)),
        invitations=tuple(view_invitations(waiting)) if may_manage else (),
        deposits=tuple(_list_deposits(group)),
        history=tuple(list_history(group)) if may_manage else (),
    )


def _list_deposits(group: Group) -> list[HeldDepositView]:
    rows = group.held_deposits.select_related("owner").order_by("-created_at", "id")[:MOST_DEPOSITS]
    return [_view(row) for row in rows]


def _view(deposit: Deposit) -> HeldDepositView:
    is_published = deposit.state == Deposit.State.PUBLISHED
    return HeldDepositView(
        id=deposit.pk,
        title=deposit.title,
        state=deposit.state,
        state_label=deposit.get_state_display(),
        owner=str(deposit.owner),
        url=addresses.dataset_page(deposit.pk) if is_published else addresses.deposit_page(deposit.pk),
    )
