"""Writes to groups: their name, who is in them, and their end."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from repository.errors import InvalidMetadataError, NotFoundError, StateConflictError
from repository.models import Deposit, Group, Invitation, Membership, User
from repository.services.audit import record_event
from repository.services.offers import take_back_offers
from repository.services.outside_identifiers import read_ror

Role = Membership.Role
LONGEST_NAME = 200
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Characters that nobody sees: with one of them a group would be called like another, and could not be told apart."""
MOST_GROUPS = 20
"""That one person manages: a name, once taken, is taken from all others."""


def create_group(*, actor: User, name: str, ror: str = "") -> Group:
    """Make a group; whoever makes it is its first manager.

    Raises
    ------
    InvalidMetadataError
        The name is empty, too long or taken, or the ROR identifier is none.
    StateConflictError
        The person manages as many groups as anybody may.
    """
    name, ror = read_name(name), read_ror(ror)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if Membership.objects.filter(user=actor, role=Role.MANAGER).count() >= MOST_GROUPS:
            raise StateConflictError(
                f"You manage {MOST_GROUPS} groups, and nobody manages more.",
                hint="Close one that is not needed any more, or hand it on to somebody else.",
            )
        group = _save(Group(name=name, ror=ror, created_by=actor))
        Membership.objects.create(group=group, user=actor, role=Role.MANAGER)
        record_event(actor=actor, action="group.create", target=group.pk, detail={"name": name, "ror": ror})
    return group


def update_group(*, group_id: str, actor: User, name: str | None = None, ror: str | None = None) -> Group:
    """Change name or institution; what is not given stays."""
    with transaction.atomic():
        group = lock_group(group_id=group_id)
        former = {"name": group.name, "ror": group.ror}
        group.name = group.name if name is None else read_name(name)
        group.ror = group.ror if ror is None else read_ror(ror)
        now = {"name": group.name, "ror": group.ror}
        if now != former:
            _save(group)
            record_event(actor=actor, action="group.update", target=group.pk, detail=_compare(former, now))
    return group


def close_group(*, group_id: str, actor: User) -> None:
    """End a group: nobody is in it any more, its drafts are their owners' alone, what it published still names it."""
    with transaction.atomic():
        group = lock_group(group_id=group_id)
        names = sorted(group.memberships.values_list("user__username", flat=True))
        managers = _list_managers(group)
        drafts = Deposit.objects.filter(group=group, dataset__isnull=True)
        left = sorted(drafts.values_list("pk", flat=True))
        shared = _list_deposits(group)
        drafts.update(group=None)
        group.memberships.all().delete()
        _take_back(Invitation.objects.filter(group=group))
        for manager in managers:
            take_back_offers(deposit_ids=shared, user=manager, actor=actor)
        Group.objects.filter(pk=group.pk).update(closed_at=Now())
        record_event(
            actor=actor, action="group.close", target=group.pk, detail={"members": names, "drafts": left}
        )


def set_role(*, group_id: str, actor: User, username: str, role: str) -> Membership:
    """Make a member a manager, or a manager a member.

    Raises
    ------
    NotFoundError
        The group has no such member.
    StateConflictError
        The group would be without a manager.
    """
    if role not in Role.values:
        hint = f"Roles are {', '.join(Role.values)}."
        raise InvalidMetadataError(f"There is no role {role[:40]!r}.", pointer="/role", hint=hint)
    with transaction.atomic():
        group = lock_group(group_id=group_id)
        membership = _get_membership(group, username)
        if role != membership.role:
            _require_another_manager(group, membership, "become a member")
            former, membership.role = membership.role, Role(role)
            membership.save(update_fields=["role"])
            record_event(
                actor=actor,
                action="group.set_role",
                target=group.pk,
                detail={"user": username, "former": former, "role": role},
            )
            if role != Role.MANAGER:
                _end_offers(group, membership.user, actor)
    return membership


def remove_from_group(*, group_id: str, actor: User, username: str) -> None:
    """Take somebody out of a group, or leave it; the person's own deposits stay theirs and in the group.

    Raises
    ------
    NotFoundError
        The group has no such member.
    StateConflictError
        The group would be without a manager.
    """
    with transaction.atomic():
        group = lock_group(group_id=group_id)
        membership = _get_membership(group, username)
        _require_another_manager(group, membership, "leave")
        membership.delete()
        _end_offers(group, membership.user, actor)
        action = "group.leave" if username == actor.username else "group.remove_member"
        record_event(actor=actor, action=action, target=group.pk, detail={"user": username})


def lock_group(*, group_id: str) -> Group:
    """Return an open group locked for this transaction."""
    group = Group.objects.select_for_update().filter(pk=group_id, closed_at__isnull=True).first()
    if group is None:
        raise NotFoundError(f"There is no group {group_id}.")
    return group


def read_name(text: str) -> str:
    """Return a name for a group, on one line."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name or len(name) > LONGEST_NAME or any(unicodedata.category(one) in _UNSEEN for one in name):
        raise InvalidMetadataError(
            "A group needs a name." if not name else "This name cannot be used.",
            pointer="/name",
            hint=f"Write what the laboratory is called, in {LONGEST_NAME} letters at most that can all be seen.",
        )
    return name


def _save(group: Group) -> Group:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as fault:
        raise InvalidMetadataError(
            f"There is a group called {group.name} already.",
            pointer="/name",
            hint="Ask one of its managers for an invitation, or add what tells yours apart, such as the city.",
        ) from fault
    return group


def _get_membership(group: Group, username: str) -> Membership:
    membership = group.memberships.select_related("user").filter(user__username=username).first()
    if membership is None:
        raise NotFoundError(f"{username} is no member of {group.name}.", hint="Reload the group.")
    return membership


def _require_another_manager(group: Group, membership: Membership, what: str) -> None:
    if membership.role != Role.MANAGER:
        return
    others = group.memberships.filter(role=Role.MANAGER, user__is_active=True).exclude(pk=membership.pk)
    if not others.exists():
        raise StateConflictError(
            f"{membership.user.username} is the last manager of {group.name} and cannot {what}.",
            hint="Make another member a manager first, or close the group.",
        )


def _end_offers(group: Group, user: User, actor: User) -> None:
    """End what somebody offered in the group's name: the right to do so is gone."""
    _take_back(Invitation.objects.filter(group=group, invited_by=user))
    take_back_offers(deposit_ids=_list_deposits(group), user=user, actor=actor)


def _list_managers(group: Group) -> list[User]:
    return [row.user for row in group.memberships.filter(role=Role.MANAGER).select_related("user")]


def _list_deposits(group: Group) -> list[str]:
    return list(Deposit.objects.filter(group=group).values_list("pk", flat=True))


def _take_back(invitations: QuerySet[Invitation]) -> None:
    invitations.filter(outcome="").update(outcome=Invitation.Outcome.REVOKED, settled_at=Now())


def _compare(former: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"old": former[name], "new": now[name]} for name in now if now[name] != former[name]}
