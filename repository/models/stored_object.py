from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from repository.models.data_file import SHA256_PATTERN


class StoredObject(models.Model):
    """What the object store holds: the row is there before the bytes are, and until after they are gone.

    The times are the database's. The bytes may lie there while `is_present` is false, but nobody may rely on it.
    """

    sha256 = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    touched_at = models.DateTimeField(
        db_default=Now(),
        help_text="When a writer last announced that it brings these bytes, or found them there.",
    )
    unreferenced_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when no row refers to it; empty: one does, or nobody looked yet.",
    )
    is_present = models.BooleanField(
        default=True,
        db_default=True,
        help_text="False before the bytes are brought, and from before they are removed: nobody may refer to them.",
    )
    charged_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="charged_objects",
        help_text="Who deleted a file with these bytes, and uses storage for them until they are gone.",
    )
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When the bytes last had the digest that is their name."
    )
    damaged_at = models.DateTimeField(
        null=True, blank=True, help_text="When they were found to have another."
    )
    damage = models.TextField(blank=True, default="", db_default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["unreferenced_since"],
                name="stored_object_unreferenced",
                condition=Q(unreferenced_since__isnull=False),
            ),
            models.Index(
                fields=["charged_to"], name="stored_object_charged", condition=Q(charged_to__isnull=False)
            ),
            models.Index(fields=["verified_at"], name="stored_object_verified"),
            models.Index(
                fields=["damaged_at"], name="stored_object_damaged", condition=Q(damaged_at__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="stored_object_size_not_negative", condition=Q(size__gte=0)),
            models.CheckConstraint(
                name="stored_object_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256} ({self.size} bytes)"


class StoreWalk(models.Model):
    """How far a round over all objects has come: a walk that is killed goes on from here."""

    name = models.CharField(primary_key=True, max_length=40)
    position = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text="The last digest that was looked at; empty: a new round.",
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the round under way began.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When a round last came to its end.")

    def __str__(self) -> str:
        return f"{self.name} at {self.position or 'the start'}"
