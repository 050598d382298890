"""Groups as their members see them; who is in one is asked in `visibility`."""

import datetime as dt
from dataclasses import dataclass

from repository.errors import NotFoundError, PermissionRefusedError
from repository.models import Group, Membership
from repository.selectors.visibility import Visitor, visible_groups

Role = Membership.Role


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person in a group."""

    username: str
    name: str
    role: str
    role_label: str
    joined_at: dt.datetime


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in a list, and what the visitor is in it; empty for who only looks after it."""

    id: str
    name: str
    ror: str
    role: str
    role_label: str


def get_group(visitor: Visitor, group_id: str) -> Group:
    """Return a group into which the visitor may look.

    Raises
    ------
    NotFoundError
        It does not exist, was closed, or the visitor is no member: a stranger cannot tell which.
    """
    group = visible_groups(visitor).filter(pk=group_id).first()
    if group is None:
        raise NotFoundError(f"There is no group {group_id}.")
    return group


def get_managed_group(visitor: Visitor, group_id: str) -> Group:
    """Return a group that the visitor may change.

    Raises
    ------
    NotFoundError
        It does not exist for this visitor.
    PermissionRefusedError
        The visitor is a member without being a manager, or a curator.
    """
    group = get_group(visitor, group_id)
    if not can_manage(visitor, group):
        raise PermissionRefusedError("Only the managers of a group change it.")
    return group


def can_manage(visitor: Visitor, group: Group) -> bool:
    """Return whether the visitor may change the group: its managers and administrators."""
    account = visitor.account
    if account is None:
        return False
    return account.is_administrator or group.memberships.filter(user=account, role=Role.MANAGER).exists()


def list_members(group: Group) -> list[MemberView]:
    """Return the members, in the order in which they came; `group` is one that the visitor was let in to."""
    return [
        MemberView(
            username=row.user.username,
            name=str(row.user),
            role=row.role,
            role_label=row.get_role_display(),
            joined_at=row.joined_at,
        )
        for row in group.memberships.select_related("user").order_by("joined_at", "id")
    ]
