import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from repository.models.deposit import Deposit

SHA256_PATTERN = r"^[0-9a-f]{64}$"


class DataFile(models.Model):
    """Stored bytes with path, size and sha256: the original upload, never altered."""

    class State(models.TextChoices):
        UPLOADING = "uploading", "Uploading"
        STORED = "stored", "Stored"
        QUARANTINED = "quarantined", "Quarantined"

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=1024, help_text="Relative, forward slashes, Unicode NFC.")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.UPLOADING)
    media_type = models.CharField(max_length=100, default="application/octet-stream")
    format = models.CharField(
        max_length=40, blank=True, help_text="Recognized format id; empty: not looked at yet."
    )
    format_label = models.CharField(max_length=120, blank=True)
    is_read = models.BooleanField(default=False, help_text="A reader exists; otherwise: stored, not read.")
    opens_alone = models.BooleanField(
        null=True,
        blank=True,
        help_text="Whether it opens a measurement by itself; empty: nobody has looked since this is written down.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    stored_at = models.DateTimeField(null=True, blank=True)
    left_out_at = models.DateTimeField(
        null=True, blank=True, help_text="When a draft stopped holding it; published versions still do."
    )

    class Meta:
        ordering: ClassVar = ["path"]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="data_file_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="data_file_path_once", fields=["deposit", "path"], condition=Q(left_out_at__isnull=True)
            ),
            models.CheckConstraint(name="data_file_size_not_negative", condition=Q(size__gte=0)),
            models.CheckConstraint(name="data_file_path_present", condition=~Q(path="")),
            models.CheckConstraint(
                name="data_file_state_known", condition=Q(state__in=["uploading", "stored", "quarantined"])
            ),
            models.CheckConstraint(
                name="data_file_stored_has_digest",
                condition=Q(state="uploading") | Q(sha256__regex=SHA256_PATTERN),
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Upload(models.Model):
    """A resumable transfer (tus). The bytes that arrived are the file below `uploads/`; its size is the offset."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_file = models.OneToOneField(DataFile, on_delete=models.CASCADE, related_name="upload")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    size = models.BigIntegerField()
    offset = models.BigIntegerField(
        default=0, help_text="Last known; the length of the file on disk is the truth."
    )
    declared_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Set once all bytes have arrived.")
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(
        null=True, blank=True, help_text="Kept so that a lost answer can be asked again."
    )
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="upload_expiry"),
            models.Index(fields=["sha256"], name="upload_digest", condition=~Q(sha256="")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="upload_offset_within", condition=Q(offset__gte=0, offset__lte=F("size"))
            ),
            models.CheckConstraint(
                name="upload_digest_form",
                condition=Q(declared_sha256="") | Q(declared_sha256__regex=SHA256_PATTERN),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.offset} of {self.size} bytes)"
