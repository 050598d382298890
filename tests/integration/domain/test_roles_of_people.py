"""What somebody may do who is in a deposit's group and shares it too, and what is open to whom."""

import pytest

from repository.errors import NotFoundError, PermissionRefusedError
from repository.models import DepositMember, Group
from repository.selectors.access import can_decide, find_role, get_deposit_to_leave
from repository.selectors.visibility import Visitor, visible_groups, visible_instruments
from repository.services.deposits import add_member
from repository.services.groups import close_group, create_group
from repository.services.instruments import create_instrument
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@pytest.mark.parametrize(
    ("in_group", "shared", "role"),
    [
        ("", "", ""),
        ("", "view", "view"),
        ("", "edit", "edit"),
        ("member", "", "view"),
        ("member", "edit", "edit"),
        ("member", "publish", "publish"),
        ("manager", "", "publish"),
        ("manager", "view", "publish"),
        ("manager", "edit", "publish"),
    ],
)
def test_the_greater_of_two_roles_holds(in_group: str, shared: str, role: str) -> None:
    deposit, person = make_deposit(), make_user()
    group = create_group(actor=deposit.owner, name=f"Lab of {person.username}")
    deposit.group = group
    deposit.save()
    if in_group:
        group.memberships.create(user=person, role=in_group)
    if shared:
        DepositMember.objects.create(deposit=deposit, name=person.username, user=person, role=shared)
    assert find_role(Visitor(person), deposit) == role
    assert can_decide(Visitor(person), deposit) == (role == "publish")


def test_who_looks_takes_only_the_own_name_off() -> None:
    deposit, viewer, editor = make_deposit(), make_user(), make_user()
    for user, role in ((viewer, "view"), (editor, "edit")):
        add_member(deposit_id=deposit.pk, actor=deposit.owner, username=user.username, role=role)
    for user, other in ((viewer, editor), (editor, viewer)):
        assert get_deposit_to_leave(Visitor(user), deposit.pk, user.username) == deposit
        with pytest.raises(PermissionRefusedError):
            get_deposit_to_leave(Visitor(user), deposit.pk, other.username)
    with pytest.raises(NotFoundError):
        get_deposit_to_leave(Visitor(make_user()), deposit.pk, viewer.username)


def test_what_is_open_is_everybodys_and_a_closed_group_nobodys() -> None:
    owner, stranger, curator = make_user(), make_user(), make_user(role="curator")
    hidden = create_instrument(actor=owner, fields={"name": "Titan"})
    shown = create_instrument(actor=owner, fields={"name": "ARM", "is_open": True})
    assert {row.pk for row in visible_instruments(Visitor(stranger))} == {shown.pk}
    assert {row.pk for row in visible_instruments(Visitor(owner))} == {hidden.pk, shown.pk}
    assert not visible_instruments(Visitor()).exists()
    group = create_group(actor=owner, name=f"Lab of {owner.username}")
    for visitor in (Visitor(owner), Visitor(curator)):
        assert group in visible_groups(visitor)
    close_group(group_id=group.pk, actor=owner)
    assert Group.objects.filter(pk=group.pk).exists()
    group.memberships.create(user=owner, role="manager")  # whatever is left behind gives nothing
    for visitor in (Visitor(owner), Visitor(curator)):
        assert group not in visible_groups(visitor)
