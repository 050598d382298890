"""Invitations as whoever is invited sees them."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.utils import timezone

from repository.errors import NotFoundError
from repository.models import DepositMember, Invitation, Membership
from repository.selectors.visibility import Visitor, visible_invitations

_LABELS = {**dict(DepositMember.Role.choices), **dict(Membership.Role.choices)}


@dataclass(frozen=True, slots=True)
class OfferView:
    """An invitation to the visitor.

    Attributes
    ----------
    kind, subject_id, subject
        `group` or `deposit`, its id and what it is called.
    state
        `waiting`, `accepted`, `declined`, `revoked` or `expired`.
    """

    id: str
    kind: str
    subject_id: str
    subject: str
    role: str
    role_label: str
    invited_by: str
    address: str
    expires_at: dt.datetime
    state: str


def list_offers(visitor: Visitor) -> list[OfferView]:
    """Return the invitations that wait for the visitor's answer."""
    waiting = visible_invitations(visitor).filter(outcome="", expires_at__gt=timezone.now())
    rows = waiting.select_related("group", "deposit", "invited_by").order_by("expires_at", "id")
    return [_view(row) for row in rows]


def get_offer(visitor: Visitor, invitation_id: uuid.UUID) -> OfferView:
    """Return an invitation to an address that the visitor's account has confirmed.

    Raises
    ------
    NotFoundError
        There is none, or it is to another address: whoever found a link cannot tell which.
    """
    rows = visible_invitations(visitor).select_related("group", "deposit", "invited_by")
    row = rows.filter(pk=invitation_id).first()
    if row is None:
        name = visitor.account.username if visitor.account is not None else "you"
        raise NotFoundError(
            f"There is no such invitation for {name}.",
            hint="It is answered by the account that confirmed the address to which it was sent: sign in with that"
            " one, or ask to be invited at the address of this account. It may also have gone with its deposit.",
        )
    return _view(row)


def _view(row: Invitation) -> OfferView:
    is_over = not row.outcome and row.expires_at <= timezone.now()
    subject = row.group or row.deposit
    title = row.group.name if row.group is not None else row.deposit.title if row.deposit is not None else ""
    return OfferView(
        id=str(row.pk),
        kind="group" if row.group is not None else "deposit",
        subject_id=str(subject.pk) if subject is not None else "",
        subject=title or "Untitled deposit",
        role=row.role,
        role_label=str(_LABELS[row.role]),
        invited_by=str(row.invited_by),
        address=row.address,
        expires_at=row.expires_at,
        state="expired" if is_over else row.outcome or "waiting",
    )
