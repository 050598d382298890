"""What somebody offered of a deposit or group to others ends with the right to offer it."""

import datetime as dt
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress

from repository.errors import NotFoundError, StateConflictError
from repository.models import AuditEvent, Deposit, Invitation, User
from repository.selectors.grants.reviewer_link import find_grant
from repository.services import reviewer_links
from repository.services.deposits import add_member, remove_member
from repository.services.group_deposits import put_into_group, take_out_of_group
from repository.services.groups import close_group, create_group, remove_from_group, set_role
from repository.services.invitations import accept_invitation, invite_to_deposit, invite_to_group
from repository.services.reviewer_links import create_reviewer_link, revoke_reviewer_link
from tests.at_once import at_once
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
DAY = dt.timedelta(days=1)


def make_person(address: str) -> User:
    """Return an account that has confirmed an address."""
    user = make_user(email=address)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def offer(deposit: Deposit, actor: User, address: str) -> tuple[Invitation, str]:
    """Return an invitation to decide with, and the key of a link, of which one person made both."""
    invitation = invite_to_deposit(deposit_id=deposit.pk, actor=actor, address=address, role="publish")
    _, key = create_reviewer_link(deposit_id=deposit.pk, actor=actor, label="Reviewers", lifetime=DAY)
    return invitation, key


def end_by_owner(deposit: Deposit, user: User) -> None:
    remove_member(deposit_id=deposit.pk, actor=deposit.owner, username=user.username)


def end_by_lowering(deposit: Deposit, user: User) -> None:
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username=user.username, role="edit")


@pytest.mark.parametrize("end", [end_by_owner, end_by_lowering])
def test_whoever_is_taken_out_does_not_come_back_by_an_own_offer(
    end: Callable[[Deposit, User], None],
) -> None:
    deposit, leaving, staying = make_deposit(), make_user(), make_user()
    second = make_person("second@example.org")
    for user in (leaving, staying):
        add_member(deposit_id=deposit.pk, actor=deposit.owner, username=user.username, role="publish")
    invitation, key = offer(deposit, leaving, "second@example.org")
    kept, kept_key = offer(deposit, staying, "third@example.org")
    _, owners_key = offer(deposit, deposit.owner, "fourth@example.org")
    end(deposit, leaving)
    with pytest.raises(StateConflictError, match="taken back"):
        accept_invitation(invitation_id=invitation.pk, user=second)
    assert find_grant(key) is None
    kept.refresh_from_db()
    assert kept.outcome == "", "what others offered stays"
    assert find_grant(kept_key) is not None
    assert find_grant(owners_key) is not None
    told = AuditEvent.objects.filter(target=deposit.pk, actor=deposit.owner)
    assert {"link.revoke", "invitation.revoke"} <= set(told.values_list("action", flat=True))


def end_by_leaving(deposit: Deposit, manager: User, group: str) -> None:
    remove_from_group(group_id=group, actor=manager, username=manager.username)


def end_by_another_role(deposit: Deposit, manager: User, group: str) -> None:
    set_role(group_id=group, actor=deposit.owner, username=manager.username, role="member")


def end_by_closing(deposit: Deposit, manager: User, group: str) -> None:
    close_group(group_id=group, actor=deposit.owner)


def end_by_taking_out(deposit: Deposit, manager: User, group: str) -> None:
    take_out_of_group(deposit_id=deposit.pk, actor=deposit.owner)


@pytest.mark.parametrize("end", [end_by_leaving, end_by_another_role, end_by_closing, end_by_taking_out])
def test_a_manager_who_is_none_any_more_leaves_no_door_open(
    end: Callable[[Deposit, User, str], None],
) -> None:
    deposit, manager = make_deposit(), make_user()
    group = create_group(actor=deposit.owner, name=f"Lab of {manager.username}")
    group.memberships.create(user=manager, role="manager")
    put_into_group(deposit_id=deposit.pk, actor=deposit.owner, group_id=group.pk)
    invitation, key = offer(deposit, manager, "second@example.org")
    _, owners_key = offer(deposit, deposit.owner, "third@example.org")
    assert find_grant(key) is not None
    end(deposit, manager, group.pk)
    assert find_grant(key) is None
    assert find_grant(owners_key) is not None
    invitation.refresh_from_db()
    assert invitation.outcome == "revoked"


def test_whoever_still_decides_by_another_way_keeps_what_was_offered() -> None:
    deposit, person = make_deposit(), make_user()
    group = create_group(actor=deposit.owner, name=f"Lab of {person.username}")
    group.memberships.create(user=person, role="manager")
    put_into_group(deposit_id=deposit.pk, actor=deposit.owner, group_id=group.pk)
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username=person.username, role="publish")
    _, key = offer(deposit, person, "second@example.org")
    remove_member(deposit_id=deposit.pk, actor=deposit.owner, username=person.username)
    assert find_grant(key) is not None, "a manager of the group decides"
    add_member(deposit_id=deposit.pk, actor=deposit.owner, username=person.username, role="publish")
    remove_from_group(group_id=group.pk, actor=deposit.owner, username=person.username)
    assert find_grant(key) is not None, "a co-owner who publishes decides"
    remove_member(deposit_id=deposit.pk, actor=deposit.owner, username=person.username)
    assert find_grant(key) is None


def test_a_manager_made_a_member_offers_the_group_to_nobody() -> None:
    marie, irene = make_user(), make_user()
    group = create_group(actor=marie, name=f"Lab of {irene.username}")
    group.memberships.create(user=irene, role="manager")
    invitation = invite_to_group(group_id=group.pk, actor=irene, address="new@example.org", role="manager")
    set_role(group_id=group.pk, actor=marie, username=irene.username, role="member")
    invitation.refresh_from_db()
    assert invitation.outcome == "revoked"


def test_an_invitation_never_makes_a_manager_a_member() -> None:
    marie, irene = make_user(), make_person("irene@example.org")
    group = create_group(actor=marie, name=f"Lab of {irene.username}")
    invitation = invite_to_group(group_id=group.pk, actor=marie, address="irene@example.org", role="member")
    group.memberships.create(user=irene, role="manager")
    accept_invitation(invitation_id=invitation.pk, user=irene)
    assert group.memberships.get(user=irene).role == "manager"


def test_only_links_that_are_good_are_counted_and_each_is_ended_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reviewer_links, "MOST_LINKS", 2)
    deposit, other = make_deposit(), make_deposit()
    made = [
        create_reviewer_link(deposit_id=deposit.pk, actor=deposit.owner, label="A", lifetime=DAY)[0]
        for _ in range(2)
    ]
    with pytest.raises(StateConflictError, match="none has more"):
        create_reviewer_link(deposit_id=deposit.pk, actor=deposit.owner, label="A", lifetime=DAY)
    deposit.reviewer_links.filter(pk=made[0].pk).update(
        created_at=made[0].created_at - 3 * DAY, expires_at=made[0].created_at - DAY
    )
    _, key = create_reviewer_link(deposit_id=deposit.pk, actor=deposit.owner, label="A", lifetime=DAY)
    with pytest.raises(NotFoundError):
        revoke_reviewer_link(deposit_id=other.pk, actor=other.owner, link_id=made[1].pk)
    assert deposit.reviewer_links.filter(revoked_at=None).count() == 3
    assert find_grant(key) is not None


@pytest.mark.django_db(transaction=True)
def test_a_group_closes_while_many_accept() -> None:
    """Both ways end: who was quicker is in or not, and nobody waits for somebody who waits for them."""
    marie = make_user()
    group = create_group(actor=marie, name=f"Lab of {marie.username}")
    people = [make_person(f"{number}.{marie.username}@example.org") for number in range(6)]
    sent = [
        invite_to_group(group_id=group.pk, actor=marie, address=user.email, role="member") for user in people
    ]
    results = at_once(
        lambda: close_group(group_id=group.pk, actor=marie),
        *[
            lambda user=user, one=one: accept_invitation(invitation_id=one.pk, user=user)
            for user, one in zip(people, sent, strict=True)
        ],
    )
    assert results[0] is None, results[0]
    assert {type(result) for result in results[1:]} <= {Invitation, StateConflictError, NotFoundError}, (
        results
    )
    assert not group.memberships.exists()
