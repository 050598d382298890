"""Invitations go out by mail: the row, the message and its job in one transaction."""

from django.db import transaction

from repository.limits import INVITATIONS_OF_ACCOUNT
from repository.models import Deposit, Group, Invitation, User
from repository.selectors import addresses
from repository.services.invitations import invite_to_deposit, invite_to_group, note_message
from repository.services.limits import count_attempt
from repository.workflows.mail import write_to

_LONGEST_NAME = 120
_MAY = {
    "member": "look into its deposits",
    "manager": "look after it, its members and its deposits",
    "view": "look at it",
    "edit": "change it until it is published",
    "publish": "change and publish it",
}


def invite_person_to_group(*, group_id: str, actor: User, address: str, role: str) -> Invitation:
    """Ask whoever has the address to join a group."""
    count_attempt(INVITATIONS_OF_ACCOUNT.of(str(actor.pk)))
    with transaction.atomic():
        invitation = invite_to_group(group_id=group_id, actor=actor, address=address, role=role)
        _send(invitation, "the group", _name_group(invitation.group))
    return invitation


def invite_person_to_deposit(*, deposit_id: str, actor: User, address: str, role: str) -> Invitation:
    """Ask whoever has the address to share a deposit."""
    count_attempt(INVITATIONS_OF_ACCOUNT.of(str(actor.pk)))
    with transaction.atomic():
        invitation = invite_to_deposit(deposit_id=deposit_id, actor=actor, address=address, role=role)
        _send(invitation, "the deposit", _name_deposit(invitation.deposit))
    return invitation


def _send(invitation: Invitation, what: str, name: str) -> None:
    inviter = _shorten(str(invitation.invited_by))
    message = write_to(
        recipient=invitation.address,
        subject=f"{inviter} invites you to {what} {name}",
        text="\n".join(
            [
                f"{inviter} (user name {invitation.invited_by.username}) at {addresses.home()} invites you to {what}",
                f"    {name}",
                f"where you may {_MAY[invitation.role]}. Say yes or no here, until {invitation.expires_at:%Y-%m-%d}:",
                f"    {addresses.invitation(str(invitation.pk))}",
                "",
                f"The invitation is to the address {invitation.address}: the page asks you to sign in with the account",
                "that has it. If you have no account yet, make one with this address first, then open the link above:",
                f"    {addresses.sign_up_page()}",
                "",
                "If you do not know the person, you need not do anything.",
                "",
            ]
        ),
    )
    note_message(invitation=invitation, message=message)


def _name_group(group: Group | None) -> str:
    return _shorten(group.name) if group is not None else ""


def _name_deposit(deposit: Deposit | None) -> str:
    return _shorten(deposit.title or deposit.pk) if deposit is not None else ""


def _shorten(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_NAME]
