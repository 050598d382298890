import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Message(models.Model):
    """A message to one address, written in the transaction that wants it and sent by a job.

    What answers a stranger holds only whom it is for and why: whether there is an account, and the link that opens it,
    are found out while it is sent. What was written elsewhere loses its text as soon as it is settled.
    """

    class Purpose(models.TextChoices):
        WRITTEN = "written", "Written"
        SIGN_UP = "sign_up", "Making an account"
        PASSWORD_RESET = "password_reset", "A new password"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    recipient = models.EmailField()
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True, help_text="Empty once it is settled: it may hold a link.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(
        null=True, blank=True, help_text="When an account was made by its link, which works once."
    )
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="message_purpose_known",
                condition=Q(purpose__in=["written", "sign_up", "password_reset"]),
            ),
            models.CheckConstraint(
                name="message_state_known", condition=Q(state__in=["waiting", "sent", "failed"])
            ),
            models.CheckConstraint(
                name="message_settled_without_text", condition=Q(state="waiting") | Q(text="")
            ),
        ]
        indexes: ClassVar = [models.Index(name="message_by_state", fields=["state", "created_at"])]

    def __str__(self) -> str:
        return f"{self.purpose} to {self.recipient}"
