from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.data_file import SHA256_PATTERN, DataFile
from repository.models.deposit import Deposit
from repository.models.measurement import Measurement


def version_doi(dataset_id: str, number: int) -> str:
    """Return the DOI of one version."""
    return f"{settings.DOI_PREFIX}/{dataset_id}.v{number}"


class Dataset(models.Model):
    """What a deposit becomes when its first version is published. It shares the deposit's id."""

    deposit = models.OneToOneField(
        Deposit, primary_key=True, on_delete=models.PROTECT, related_name="dataset"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.pk)


class DatasetVersion(models.Model):
    """An immutable published state. The database refuses every change of its content.

    A version is inserted open, filled in the same transaction and sealed before commit.
    """

    class State(models.TextChoices):
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Access(models.TextChoices):
        OPEN = "open", "Open"
        EMBARGOED = "embargoed", "Embargoed"
        RESTRICTED = "restricted", "Restricted"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.PUBLISHED)
    sealed = models.BooleanField(default=False)
    title = models.TextField()
    license = models.TextField(help_text="SPDX id, or LicenseRef-….")
    document = models.JSONField(
        help_text="The dataset's description: title, creators, abstract, license, ..."
    )
    content = models.JSONField(
        help_text="Measurements with metadata, signals and findings as they were published."
    )
    accepted_warnings = models.JSONField(default=list)
    schema_version = models.CharField(max_length=20)
    access = models.CharField(max_length=16, choices=Access, default=Access.OPEN)
    embargo_until = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="publications"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.TextField(blank=True)
    replacement_doi = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["dataset", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="dataset_version_number_once", fields=["dataset", "number"]),
            models.CheckConstraint(name="dataset_version_number_positive", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="dataset_version_state_known", condition=Q(state__in=["published", "withdrawn"])
            ),
            models.CheckConstraint(
                name="dataset_version_access_known",
                condition=Q(access__in=["open", "embargoed", "restricted"]),
            ),
            models.CheckConstraint(
                name="dataset_version_embargo_dated",
                condition=~Q(access="embargoed") | Q(embargo_until__isnull=False),
            ),
            models.CheckConstraint(
                name="dataset_version_withdrawal_reasoned",
                condition=~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason="")),
            ),
            models.CheckConstraint(
                name="dataset_version_replaced_when_withdrawn",
                condition=Q(state="withdrawn") | Q(replacement_doi=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id}.v{self.number}"

    @property
    def doi(self) -> str:
        """Return the DOI of this version."""
        return version_doi(self.dataset_id, self.number)


class VersionFile(models.Model):
    """A file as a version published it; path, size and digest are repeated so that the version stands alone."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="files")
    data_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="published_in")
    path = models.CharField(max_length=1024)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    format_label = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["path"]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="version_file_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(name="version_file_path_once", fields=["version", "path"]),
            models.CheckConstraint(
                name="version_file_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)
            ),
        ]

    def __str__(self) -> str:
        return self.path


class VersionMeasurement(models.Model):
    """A measurement as part of a version."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="measurements")
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="versions")
    ordinal = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["ordinal"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="version_measurement_once", fields=["version", "measurement"])
        ]

    def __str__(self) -> str:
        return f"{self.measurement_id} in {self.version_id}"


class Identifier(models.Model):
    """A DOI and how far its registration has come: the outbox of the registrar."""

    class State(models.TextChoices):
        RESERVED = "reserved", "Reserved"
        FINDABLE = "findable", "Findable"
        REGISTERED = "registered", "Registered"

    doi = models.CharField(primary_key=True, max_length=200)
    dataset = models.ForeignKey(
        Deposit, on_delete=models.PROTECT, related_name="identifiers", help_text="The id that the DOI names."
    )
    version_number = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the concept DOI.")
    state = models.CharField(max_length=16, choices=State, default=State.RESERVED)
    registrar = models.CharField(max_length=40, default="local")
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    registered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="identifier_version_once", fields=["dataset", "version_number"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="identifier_state_known", condition=Q(state__in=["reserved", "findable", "registered"])
            ),
            models.CheckConstraint(name="identifier_doi_form", condition=Q(doi__regex=r"^10\.\d{4,9}/\S+$")),
        ]

    def __str__(self) -> str:
        return self.doi
