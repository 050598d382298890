"""Who shares a deposit: co-owners, invitations, links, and the group to which it belongs."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max
from django.db.models.fields.json import KT
from django.utils import timezone

from repository.models import AuditEvent, Deposit, DepositMember, Group, Invitation, Membership, Message
from repository.models.reviewer_link import GRANT_KIND
from repository.selectors.grant_kinds import COOKIE, carry_key
from repository.selectors.groups import GroupLine, list_own_groups
from repository.selectors.visibility import Visitor

ROLES = tuple(DepositMember.Role.values)
ROLE_LABELS = tuple((role.value, role.label) for role in DepositMember.Role)


@dataclass(frozen=True, slots=True)
class CoOwnerView:
    """A co-owner, or a name that no account had when it was written: they look alike."""

    username: str
    role: str
    role_label: str


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation that nobody has answered.

    Attributes
    ----------
    state
        `waiting`, or `expired`.
    is_undelivered
        The mail server refused the mail: the address may be mistyped.
    """

    id: str
    address: str
    role: str
    role_label: str
    created_at: dt.datetime
    expires_at: dt.datetime
    state: str
    is_undelivered: bool


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link without its key.

    Attributes
    ----------
    state
        `good`, `over` or `revoked`.
    openings
        How often it was opened; its log has the times.
    """

    id: str
    label: str
    created_at: dt.datetime
    expires_at: dt.datetime
    state: str
    openings: int
    last_opened_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SharingView:
    """Everybody who may look into a deposit besides curators, and who might; `group` is the one that it belongs to."""

    deposit_id: str
    owner: str
    members: tuple[CoOwnerView, ...]
    invitations: tuple[InvitationView, ...]
    links: tuple[LinkView, ...]
    group: GroupLine | None
    own_groups: tuple[GroupLine, ...]


def describe_sharing(visitor: Visitor, deposit: Deposit) -> SharingView:
    """Return who shares a deposit about which the visitor decides."""
    groups = list_own_groups(visitor)
    return SharingView(
        deposit_id=deposit.pk,
        owner=deposit.owner.username,
        members=tuple(list_co_owners(deposit)),
        invitations=tuple(view_invitations(deposit.invitations.filter(outcome="").select_related("message"))),
        links=tuple(_list_links(deposit)),
        group=_name_group(deposit.group, groups),
        own_groups=tuple(groups),
    )


def compose_cookie(key: str, carried: str = "") -> tuple[str, str]:
    """Return name and value of the cookie that carries the key of a link beside what is carried already."""
    return COOKIE, carry_key(GRANT_KIND, key, carried)


def list_co_owners(deposit: Deposit) -> list[CoOwnerView]:
    """Return the co-owners by name, with what each may do."""
    rows = deposit.memberships.order_by("name")
    return [CoOwnerView(row.name, row.role, row.get_role_display()) for row in rows]


def view_invitations(invitations: Iterable[Invitation]) -> list[InvitationView]:
    """Return invitations as they are shown to whoever may take them back; a query set of unanswered ones."""
    now = timezone.now()
    labels = {**dict(DepositMember.Role.choices), **dict(Membership.Role.choices)}
    return [
        InvitationView(
            id=str(row.pk),
            address=row.address,
            role=row.role,
            role_label=str(labels[row.role]),
            created_at=row.created_at,
            expires_at=row.expires_at,
            state="waiting" if row.expires_at > now else "expired",
            is_undelivered=row.message is not None and row.message.state == Message.State.FAILED,
        )
        for row in invitations
    ]


def _list_links(deposit: Deposit) -> list[LinkView]:
    opened = (
        AuditEvent.objects.filter(target=deposit.pk, action="link.open")
        .order_by()
        .annotate(link=KT("detail__link"))
        .values("link")
        .annotate(n=Count("pk"), last=Max("at"))
    )
    log = {row["link"]: (row["n"], row["last"]) for row in opened}
    now = timezone.now()
    views = []
    for row in deposit.reviewer_links.order_by("-created_at", "id"):
        openings, last = log.get(str(row.pk), (0, None))
        state = "revoked" if row.revoked_at is not None else "good" if row.expires_at > now else "over"
        views.append(LinkView(str(row.pk), row.label, row.created_at, row.expires_at, state, openings, last))
    return views


def _name_group(group: Group | None, own: Iterable[GroupLine]) -> GroupLine | None:
    if group is None:
        return None
    known = next((line for line in own if line.id == group.pk), None)
    return known or GroupLine(group.pk, group.name, group.ror_address, "", "")
