"""Invitations: written to an address, accepted by the account that confirmed it, once.

Whether the address belongs to an account, or to somebody who is in already, is never looked up while inviting.
"""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from repository.errors import InvalidMetadataError, NotFoundError, StateConflictError
from repository.models import Deposit, DepositMember, Group, Invitation, Membership, Message, User
from repository.models.account_addresses import list_confirmed_addresses
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit
from repository.services.groups import lock_group
from repository.services.messages import require_address

LIFETIME = dt.timedelta(days=14)
MOST_WAITING = 100
"""Of one group or deposit: so many people answer before more are asked."""

Outcome = Invitation.Outcome
_ROLES = {"group": Membership.Role.values, "deposit": DepositMember.Role.values}
_RANK = {role: rank for roles in _ROLES.values() for rank, role in enumerate(roles)}


def invite_to_group(*, group_id: str, actor: User, address: str, role: str) -> Invitation:
    """Write an invitation to a group down; a former one to the same address is taken back."""
    with transaction.atomic():
        group = lock_group(group_id=group_id)
        return _invite(
            Invitation(group=group, role=_read_role(role, "group"), address=require_address(address)),
            actor=actor,
        )


def invite_to_deposit(*, deposit_id: str, actor: User, address: str, role: str) -> Invitation:
    """Write an invitation to share a deposit down; a former one to the same address is taken back."""
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        return _invite(
            Invitation(deposit=deposit, role=_read_role(role, "deposit"), address=require_address(address)),
            actor=actor,
        )


def note_message(*, invitation: Invitation, message: Message) -> None:
    """Remember by which mail an invitation went out."""
    Invitation.objects.filter(pk=invitation.pk).update(message=message)


def accept_invitation(*, invitation_id: uuid.UUID, user: User) -> Invitation:
    """Let the person in to what the invitation is to; a right that the person has already is never made smaller.

    Raises
    ------
    NotFoundError
        There is no such invitation, or it is to an address that the account has not confirmed.
    StateConflictError
        It was answered or taken back, is too old, or its group was closed.
    """
    with transaction.atomic():
        invitation = _lock_open(invitation_id, user)
        if invitation.group is not None:
            _join(lock_group(group_id=invitation.group.pk), user, invitation.role)
        else:
            _share(invitation, user)
        _settle(invitation, Outcome.ACCEPTED, user=user)
        record_event(
            actor=user,
            action="invitation.accept",
            target=_target(invitation),
            detail={"role": invitation.role, "invited_by": invitation.invited_by.username},
        )
    return invitation


def decline_invitation(*, invitation_id: uuid.UUID, user: User) -> None:
    """Answer that one does not want to; it can be asked for again."""
    with transaction.atomic():
        invitation = _lock_open(invitation_id, user)
        _settle(invitation, Outcome.DECLINED)
        record_event(actor=user, action="invitation.decline", target=_target(invitation))


def revoke_invitation(
    *, invitation_id: uuid.UUID, actor: User, group_id: str | None = None, deposit_id: str | None = None
) -> None:
    """Take an invitation of the group or deposit back, also one that is too old.

    Raises
    ------
    NotFoundError
        It has no such invitation.
    StateConflictError
        It was answered or taken back before.
    """
    with transaction.atomic():
        rows = Invitation.objects.select_for_update(of=("self",))
        invitation = rows.filter(pk=invitation_id, group_id=group_id, deposit_id=deposit_id).first()
        if invitation is None:
            raise NotFoundError("There is no such invitation.", hint="Reload the page.")
        if invitation.outcome:
            raise StateConflictError(
                f"The invitation was {invitation.get_outcome_display().lower()} before.",
                hint="Take the person out of the list instead." if invitation.accepted_by_id else "",
            )
        _settle(invitation, Outcome.REVOKED)
        record_event(
            actor=actor,
            action="invitation.revoke",
            target=_target(invitation),
            detail={"address": invitation.address},
        )


def _invite(invitation: Invitation, *, actor: User) -> Invitation:
    to_same = Invitation.objects.filter(group=invitation.group, deposit=invitation.deposit, outcome="")
    to_same.filter(address=invitation.address).update(outcome=Outcome.REVOKED, settled_at=Now())
    if to_same.filter(expires_at__gt=Now()).count() >= MOST_WAITING:
        raise StateConflictError(
            f"{MOST_WAITING} invitations wait for an answer already.",
            hint="Take back those that nobody will answer.",
        )
    invitation.invited_by = actor
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.save()
    record_event(
        actor=actor,
        action="invitation.create",
        target=_target(invitation),
        detail={"address": invitation.address, "role": invitation.role},
    )
    return invitation


def _lock_open(invitation_id: uuid.UUID, user: User) -> Invitation:
    _lock_subject(invitation_id)
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("group", "deposit", "invited_by")
    invitation = rows.filter(pk=invitation_id, address__in=list_confirmed_addresses(user)).first()
    if invitation is None:
        raise NotFoundError(
            "There is no such invitation to an address of yours.",
            hint="It is answered by the account that confirmed the address to which it was sent.",
        )
    require_unanswered(invitation)
    return invitation


def _lock_subject(invitation_id: uuid.UUID) -> None:
    """Lock the group or deposit first, as whoever ends one does: else each would wait for the other."""
    named = Invitation.objects.filter(pk=invitation_id).values_list("group_id", "deposit_id").first()
    group_id, deposit_id = named or (None, None)
    if group_id is not None:
        Group.objects.select_for_update().filter(pk=group_id).first()
    elif deposit_id is not None:
        Deposit.objects.select_for_update().filter(pk=deposit_id).first()


def require_unanswered(invitation: Invitation) -> None:
    """Refuse an invitation that was answered or taken back, or is too old.

    Raises
    ------
    StateConflictError
        With what became of it.
    """
    again = "Ask whoever invited you for another one, if you need it."
    if invitation.outcome:
        said = invitation.get_outcome_display().lower()
        raise StateConflictError(f"This invitation was {said} already; it works once.", hint=again)
    if invitation.expires_at <= timezone.now():
        raise StateConflictError(
            f"This invitation was good until {invitation.expires_at:%Y-%m-%d}.", hint=again
        )
    if invitation.group is not None and invitation.group.closed_at is not None:
        raise StateConflictError(f"The group {invitation.group.name} was closed.")


def _join(group: Group, user: User, role: str) -> None:
    membership = group.memberships.filter(user=user).first()
    if membership is None:
        Membership.objects.create(group=group, user=user, role=role)
    elif _RANK[role] > _RANK[membership.role]:
        membership.role = role
        membership.save(update_fields=["role"])


def _share(invitation: Invitation, user: User) -> None:
    deposit = lock_deposit(deposit_id=str(invitation.deposit_id))
    if deposit.owner_id == user.pk:
        raise StateConflictError(f"You own the deposit {deposit.pk} already.")
    named = {"name": user.username, "user": user, "role": invitation.role}
    member = deposit.memberships.filter(user=user).first()
    if member is None:
        # The name may stand there since before the account was made; then it gives nobody a right.
        DepositMember.objects.update_or_create(deposit=deposit, name=user.username, defaults=named)
    elif _RANK[invitation.role] > _RANK[member.role]:
        member.role = invitation.role
        member.save(update_fields=["role"])


def _settle(invitation: Invitation, outcome: str, *, user: User | None = None) -> None:
    invitation.outcome = outcome
    invitation.settled_at = timezone.now()
    invitation.accepted_by = user
    invitation.save(update_fields=["outcome", "settled_at", "accepted_by"])


def _target(invitation: Invitation) -> str:
    return str(invitation.group_id or invitation.deposit_id)


def _read_role(text: str, subject: str) -> str:
    roles = _ROLES[subject]
    if text not in roles:
        raise InvalidMetadataError(
            f"There is no role {text[:40]!r}.", pointer="/role", hint=f"Roles are {', '.join(roles)}."
        )
    return text
