"""Groups: who is in them, what becomes of them when people leave, and what is never left without somebody."""

import pytest

from repository.errors import InvalidMetadataError, NotFoundError, StateConflictError
from repository.models import AuditEvent, Deposit, Group, Membership
from repository.selectors.access import get_deposit
from repository.selectors.groups import can_manage, get_group, list_members
from repository.selectors.visibility import Visitor
from repository.services import groups
from repository.services.groups import (
    close_group,
    create_group,
    remove_from_group,
    set_role,
    update_group,
)
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

ROR = "https://ror.org/03yrm5c26"


def test_who_makes_a_group_manages_it_and_its_name_is_taken() -> None:
    marie, other = make_user(), make_user()
    group = create_group(actor=marie, name="  Lab of \n Radium ", ror=ROR)
    assert (group.name, group.ror, group.ror_address) == ("Lab of Radium", "03yrm5c26", ROR)
    assert can_manage(Visitor(marie), group)
    assert [(one.username, one.role) for one in list_members(group)] == [(marie.username, "manager")]
    with pytest.raises(NotFoundError):
        get_group(Visitor(other), group.pk)
    for name, ror, pointer in (
        ("lab of RADIUM", "", "/name"),
        (" \n", "", "/name"),
        ("x" * 201, "", "/name"),
        ("a\x00b", "", "/name"),
        ("Another", "03yrm5c62", "/ror"),
        ("Another", "nonsense", "/ror"),
    ):
        with pytest.raises(InvalidMetadataError) as refusal:
            create_group(actor=other, name=name, ror=ror)
        assert refusal.value.pointer == pointer
        assert refusal.value.hint
    assert Group.objects.count() == 1
    update_group(group_id=group.pk, actor=marie, name="Lab of radium")  # its own name in other letters
    update_group(group_id=group.pk, actor=marie)
    told = AuditEvent.objects.filter(target=group.pk).values_list("action", flat=True)
    assert sorted(told) == ["group.create", "group.update"]


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\u00ad", "\ufeff", "\x07"])
def test_a_name_that_only_looks_like_another_is_none(unseen: str) -> None:
    marie = make_user()
    create_group(actor=marie, name="Lab of Radium é")
    with pytest.raises(InvalidMetadataError, match="cannot be used"):
        create_group(actor=marie, name=f"Lab of{unseen} Radium é")
    with pytest.raises(InvalidMetadataError, match="already"):
        create_group(actor=marie, name="Lab of Radium e\u0301")  # the same letter in two characters


def test_nobody_takes_all_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_GROUPS", 1)
    marie = make_user()
    create_group(actor=marie, name="One")
    with pytest.raises(StateConflictError):
        create_group(actor=marie, name="Two")


def test_the_last_manager_stays_until_there_is_another() -> None:
    marie, irene, away = make_user(), make_user(), make_user(is_active=False)
    group = create_group(actor=marie, name="Lab")
    for user, role in ((irene, "member"), (away, "manager")):
        Membership.objects.create(group=group, user=user, role=role)
    with pytest.raises(StateConflictError):  # an account that was closed manages nothing
        remove_from_group(group_id=group.pk, actor=marie, username=marie.username)
    with pytest.raises(StateConflictError):
        set_role(group_id=group.pk, actor=marie, username=marie.username, role="member")
    set_role(group_id=group.pk, actor=marie, username=irene.username, role="manager")
    remove_from_group(group_id=group.pk, actor=marie, username=marie.username)
    assert not can_manage(Visitor(marie), group)
    with pytest.raises(NotFoundError):
        remove_from_group(group_id=group.pk, actor=irene, username=marie.username)


def test_a_member_who_leaves_keeps_what_is_hers_and_sees_the_rest_no_more() -> None:
    marie, irene = make_user(), make_user()
    group = create_group(actor=marie, name="Lab")
    Membership.objects.create(group=group, user=irene, role="member")
    hers, of_marie = make_deposit(irene), make_deposit(marie)
    Deposit.objects.filter(pk__in=[hers.pk, of_marie.pk]).update(group=group)
    assert get_deposit(Visitor(irene), of_marie.pk)
    remove_from_group(group_id=group.pk, actor=irene, username=irene.username)
    assert get_deposit(Visitor(irene), hers.pk).group_id == group.pk
    assert get_deposit(Visitor(marie), hers.pk)
    with pytest.raises(NotFoundError):
        get_deposit(Visitor(irene), of_marie.pk)


def test_a_closed_group_gives_nobody_a_right_and_its_name_free() -> None:
    marie, irene = make_user(), make_user()
    group = create_group(actor=marie, name="Lab")
    Membership.objects.create(group=group, user=irene, role="member")
    draft = make_deposit(irene)
    Deposit.objects.filter(pk=draft.pk).update(group=group)
    close_group(group_id=group.pk, actor=marie)
    draft.refresh_from_db()
    assert draft.group_id is None
    assert get_deposit(Visitor(irene), draft.pk)
    for visitor in (Visitor(marie), Visitor(irene)):
        with pytest.raises(NotFoundError):
            get_group(visitor, group.pk)
    with pytest.raises(NotFoundError):
        close_group(group_id=group.pk, actor=marie)
    closing = AuditEvent.objects.get(action="group.close", target=group.pk)
    assert closing.detail == {
        "members": sorted([marie.username, irene.username]),
        "drafts": [draft.pk],
    }
    assert create_group(actor=irene, name="lab").pk != group.pk
