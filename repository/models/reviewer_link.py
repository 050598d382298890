import hashlib
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

GRANT_KIND = "link"
"""Before the colon, where a key is carried."""


def digest_key(key: str) -> str:
    """Return the digest under which the key of a link is stored."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class ReviewerLink(models.Model):
    """A link by which somebody without an account reads one deposit; its key is kept as a digest only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deposit = models.ForeignKey("Deposit", on_delete=models.CASCADE, related_name="reviewer_links")
    label = models.CharField(max_length=100, help_text="Whom it is for, as its maker wrote it.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reviewer_link_ends_later", condition=Q(expires_at__gt=F("created_at"))
            ),
            models.CheckConstraint(
                name="reviewer_link_digest_form", condition=Q(digest__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.deposit_id}"
