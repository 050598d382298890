import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Invitation(models.Model):
    """An offer to whoever has a mail address: to join a group, or to share a deposit.

    It is the address that is invited, not who holds the link: only an account that confirmed it can accept.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        REVOKED = "revoked", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(
        "Group", null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    deposit = models.ForeignKey(
        "Deposit", null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(max_length=8)
    address = models.EmailField(help_text="In its one spelling.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=8, choices=Outcome, blank=True, default="", help_text="Empty: nobody has answered."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    message = models.ForeignKey(
        "Message",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The mail, until it is forgotten.",
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="invitation_is_to_one",
                condition=Q(group__isnull=True, deposit__isnull=False, role__in=["view", "edit", "publish"])
                | Q(group__isnull=False, deposit__isnull=True, role__in=["member", "manager"]),
            ),
            models.CheckConstraint(
                name="invitation_outcome_known",
                condition=Q(outcome="", settled_at__isnull=True, accepted_by__isnull=True)
                | Q(outcome="accepted", settled_at__isnull=False, accepted_by__isnull=False)
                | Q(outcome__in=["declined", "revoked"], settled_at__isnull=False, accepted_by__isnull=True),
            ),
            models.UniqueConstraint(
                name="invitation_to_group_once", fields=["group", "address"], condition=Q(outcome="")
            ),
            models.UniqueConstraint(
                name="invitation_to_deposit_once", fields=["deposit", "address"], condition=Q(outcome="")
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="invitation_waiting", fields=["address"], condition=Q(outcome=""))
        ]

    def __str__(self) -> str:
        return f"{self.address} as {self.role}"
