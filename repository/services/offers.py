"""What somebody offered of a deposit to others ends with the right to do so: invitations and links for reviewers."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from repository.models import Deposit, DepositMember, Invitation, Membership, ReviewerLink, User
from repository.services.audit import record_event


def take_back_offers(*, deposit_ids: Collection[str], user: User, actor: User) -> None:
    """End what a person offered of deposits about which the person does not decide any more.

    Whoever is taken out could else come back by a link or an invitation of their own. Call it in the transaction
    that took the right away, after it did.
    """
    lost = list(_leave_decided(Deposit.objects.filter(pk__in=deposit_ids), user).values_list("pk", flat=True))
    now = timezone.now()
    invitations = Invitation.objects.filter(deposit__in=lost, invited_by=user, outcome="")
    links = ReviewerLink.objects.filter(deposit__in=lost, created_by=user, revoked_at=None)
    ended = [
        *((row.deposit_id, "invitation.revoke", {"address": row.address}) for row in invitations),
        *((row.deposit_id, "link.revoke", {"link": str(row.pk), "label": row.label}) for row in links),
    ]
    invitations.update(outcome=Invitation.Outcome.REVOKED, settled_at=now)
    links.update(revoked_at=now)
    for deposit_id, action, detail in ended:
        record_event(actor=actor, action=action, target=str(deposit_id), detail=detail)


def _leave_decided(deposits: QuerySet[Deposit], user: User) -> QuerySet[Deposit]:
    """Return the deposits without those of which the person still says who shares them."""
    if user.is_administrator:
        return deposits.none()
    shared = DepositMember.objects.filter(user=user, role=DepositMember.Role.PUBLISH).values("deposit")
    managed = Membership.objects.filter(user=user, role=Membership.Role.MANAGER).values("group")
    return deposits.exclude(owner=user).exclude(pk__in=shared).exclude(group__in=managed)
