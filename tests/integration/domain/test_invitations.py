"""Invitations: to an address, answered once by the account that confirmed it, and by nobody else."""

import datetime as dt
import uuid

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from repository.errors import InvalidMetadataError, LimitExceededError, NotFoundError, StateConflictError
from repository.limits import Limit
from repository.models import Invitation, Message, User
from repository.selectors.access import can_decide, can_edit, get_deposit
from repository.selectors.group_pages import describe_group
from repository.selectors.groups import can_manage, get_group
from repository.selectors.invitations import get_offer, list_offers
from repository.selectors.visibility import Visitor
from repository.services import invitations
from repository.services.deposits import add_member
from repository.services.groups import close_group, create_group, remove_from_group, set_role
from repository.services.invitations import accept_invitation, decline_invitation, revoke_invitation
from repository.tasks.letters import compose_letter
from repository.workflows import invitations as sending
from repository.workflows.invitations import invite_person_to_deposit, invite_person_to_group
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def make_person(address: str) -> User:
    """Return an account that has confirmed an address."""
    user = make_user(email=address)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def test_who_has_the_address_joins_once() -> None:
    marie, irene = make_person("marie@example.org"), make_person("irene@example.org")
    other, unconfirmed = make_person("eve@example.org"), make_user(email="irene@example.org")
    group = create_group(actor=marie, name="Lab")
    invitation = invite_person_to_group(
        group_id=group.pk, actor=marie, address="  IRENE@Example.org ", role="member"
    )
    assert invitation.address == "irene@example.org"
    letter = compose_letter(Message.objects.get())
    assert letter.recipient == "irene@example.org"
    assert f"/invitations/{invitation.pk}" in letter.text
    assert "Lab" in letter.text
    for stranger in (other, unconfirmed, marie):
        assert list_offers(Visitor(stranger)) == []
        for refused in (
            lambda user=stranger: get_offer(Visitor(user), invitation.pk),
            lambda user=stranger: accept_invitation(invitation_id=invitation.pk, user=user),
            lambda user=stranger: decline_invitation(invitation_id=invitation.pk, user=user),
        ):
            with pytest.raises(NotFoundError):
                refused()
    with pytest.raises(NotFoundError):
        accept_invitation(invitation_id=uuid.uuid4(), user=irene)
    assert [offer.subject for offer in list_offers(Visitor(irene))] == ["Lab"]
    accept_invitation(invitation_id=invitation.pk, user=irene)
    assert get_group(Visitor(irene), group.pk)
    assert not can_manage(Visitor(irene), group)
    assert get_offer(Visitor(irene), invitation.pk).state == "accepted"
    assert list_offers(Visitor(irene)) == []
    with pytest.raises(StateConflictError, match="works once"):
        accept_invitation(invitation_id=invitation.pk, user=irene)
    with pytest.raises(StateConflictError):
        revoke_invitation(invitation_id=invitation.pk, actor=marie, group_id=group.pk)
    history = {event.action for event in describe_group(Visitor(marie), group).history}
    assert history == {"group.create", "invitation.create", "invitation.accept"}
    assert describe_group(Visitor(irene), group).history == (), "who is invited is told to managers alone"


def test_an_invitation_ends_by_time_by_whoever_made_it_and_with_what_it_is_to() -> None:
    marie, irene = make_person("marie@example.org"), make_person("irene@example.org")
    group = create_group(actor=marie, name="Lab")

    def invite(role: str = "member") -> Invitation:
        return invite_person_to_group(group_id=group.pk, actor=marie, address="irene@example.org", role=role)

    old = invite()
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    again = invite()  # of two to one address the newest counts
    revoke_invitation(invitation_id=again.pk, actor=marie, group_id=group.pk)
    late = invite()
    Invitation.objects.filter(pk=late.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    for each, state in ((old, "revoked"), (again, "revoked"), (late, "expired")):
        assert get_offer(Visitor(irene), each.pk).state == state
        with pytest.raises(StateConflictError) as refusal:
            accept_invitation(invitation_id=each.pk, user=irene)
        assert refusal.value.hint
    with pytest.raises(NotFoundError):  # of another group, or of a deposit
        revoke_invitation(invitation_id=late.pk, actor=marie, deposit_id=make_deposit(marie).pk)
    declined = invite("manager")
    decline_invitation(invitation_id=declined.pk, user=irene)
    assert get_offer(Visitor(irene), declined.pk).state == "declined"
    last = invite()
    close_group(group_id=group.pk, actor=marie)
    with pytest.raises(StateConflictError):
        accept_invitation(invitation_id=last.pk, user=irene)


def test_what_somebody_offered_for_a_group_ends_when_they_leave() -> None:
    marie, irene, eve = (make_person(f"{name}@example.org") for name in ("marie", "irene", "eve"))
    group = create_group(actor=marie, name="Lab")
    first = invite_person_to_group(group_id=group.pk, actor=marie, address="irene@example.org", role="member")
    accept_invitation(invitation_id=first.pk, user=irene)
    set_role(group_id=group.pk, actor=marie, username=irene.username, role="manager")
    offered = invite_person_to_group(
        group_id=group.pk, actor=marie, address="eve@example.org", role="manager"
    )
    remove_from_group(group_id=group.pk, actor=irene, username=marie.username)
    with pytest.raises(StateConflictError):
        accept_invitation(invitation_id=offered.pk, user=eve)


def test_a_deposit_is_shared_with_the_role_and_never_with_less_than_before() -> None:
    marie, irene = make_person("marie@example.org"), make_person("irene@example.org")
    deposit = make_deposit(marie)
    for role, edits, decides in (
        ("view", False, False),
        ("publish", True, True),
        ("edit", True, True),
    ):
        invitation = invite_person_to_deposit(
            deposit_id=deposit.pk, actor=marie, address="irene@example.org", role=role
        )
        accept_invitation(invitation_id=invitation.pk, user=irene)
        assert get_deposit(Visitor(irene), deposit.pk)
        assert can_edit(Visitor(irene), deposit) is edits
        assert can_decide(Visitor(irene), deposit) is decides
    assert deposit.memberships.count() == 1
    add_member(deposit_id=deposit.pk, actor=marie, username=irene.username, role="view")
    assert not can_edit(Visitor(irene), deposit), "by name it is said what somebody may do"
    to_owner = invite_person_to_deposit(
        deposit_id=deposit.pk, actor=irene, address="marie@example.org", role="view"
    )
    with pytest.raises(StateConflictError):
        accept_invitation(invitation_id=to_owner.pk, user=marie)


def test_an_address_a_role_and_a_number_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    marie = make_person("marie@example.org")
    group, deposit = create_group(actor=marie, name="Lab"), make_deposit(marie)
    for address, role, pointer in (
        ("irene", "member", "/address"),
        ("irene@[127.0.0.1]", "member", "/address"),
        ("", "member", "/address"),
        ("irene@example.org\nBcc: all@example.org", "member", "/address"),
        ("irene@example.org", "view", "/role"),
    ):
        with pytest.raises(InvalidMetadataError) as refusal:
            invite_person_to_group(group_id=group.pk, actor=marie, address=address, role=role)
        assert refusal.value.pointer == pointer
    with pytest.raises(InvalidMetadataError):
        invite_person_to_deposit(
            deposit_id=deposit.pk, actor=marie, address="irene@example.org", role="member"
        )
    assert (Invitation.objects.count(), Message.objects.count()) == (0, 0)
    monkeypatch.setattr(invitations, "MOST_WAITING", 1)
    invite_person_to_group(group_id=group.pk, actor=marie, address="a@example.org", role="member")
    with pytest.raises(StateConflictError):
        invite_person_to_group(group_id=group.pk, actor=marie, address="b@example.org", role="member")
    monkeypatch.setattr(sending, "INVITATIONS_OF_ACCOUNT", Limit("none left", 1, 3600))
    invite_person_to_group(group_id=group.pk, actor=marie, address="a@example.org", role="member")
    with pytest.raises(LimitExceededError):
        invite_person_to_group(group_id=group.pk, actor=marie, address="a@example.org", role="member")
    assert Message.objects.count() == 2
