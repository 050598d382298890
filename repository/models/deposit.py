import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.supplied import SuppliedField
from repository.schema.documents.templates import fill_dataset_defaults
from repository.schema.identifiers import generate_id
from repository.schema.versions.in_force import get_version_in_force
from repository.states import DepositState

if TYPE_CHECKING:  # these refer to deposits
    from repository.models.data_file import DataFile
    from repository.models.finding import Finding
    from repository.models.measurement import Measurement

ID_PATTERN = r"^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$"


class Deposit(models.Model):
    """A draft in preparation; the dataset that it becomes keeps its id."""

    State = DepositState

    class ReadUntil(models.TextChoices):
        OPENED = "opened", "Headers read and checked"
        CONVERTED = "converted", "Converted to arrays"

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deposits")
    members: models.ManyToManyField = models.ManyToManyField(  # type: ignore[type-arg]
        settings.AUTH_USER_MODEL, through="DepositMember", related_name="shared_deposits"
    )
    group = models.ForeignKey(
        "Group",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="held_deposits",
        help_text="The laboratory whose members look into it.",
    )
    title = models.CharField(max_length=500, blank=True)
    document = SuppliedField(
        default=dict, help_text="What the person supplied: dataset, defaults, measurements."
    )
    schema_version = models.CharField(
        max_length=20,
        default=get_version_in_force,
        help_text="In the words of which version the document is.",
    )
    schema_changes = models.JSONField(
        default=list,
        help_text="[{pointer, change, version}]: what newer versions of the schema changed in it.",
    )
    accepted_warnings = models.JSONField(default=list, help_text="[{code, note, by, at}]")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    read_until = models.CharField(
        max_length=16,
        choices=ReadUntil,
        default=ReadUntil.CONVERTED,
        db_default=ReadUntil.CONVERTED,
        help_text="How far the files are read since the deposit was handed in last.",
    )
    revision = models.PositiveIntegerField(
        default=1, help_text="Counts the changes; the ETag of the deposit."
    )
    edits_since = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Every edit that came after this revision is kept."
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When its owner was written to that it was read and what waits."
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="deposit_owner_recent")]
        constraints: ClassVar = [
            models.CheckConstraint(name="deposit_id_form", condition=Q(id__regex=ID_PATTERN)),
            models.CheckConstraint(name="deposit_state_known", condition=Q(state__in=DepositState.values)),
            models.CheckConstraint(
                name="deposit_read_until_known", condition=Q(read_until__in=["opened", "converted"])
            ),
            models.CheckConstraint(name="deposit_revision_positive", condition=Q(revision__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.title}"

    @property
    def current_files(self) -> "models.QuerySet[DataFile]":
        """Return the files that the next version will hold; earlier versions may hold others."""
        return self.files.filter(left_out_at__isnull=True)

    @property
    def current_measurements(self) -> "models.QuerySet[Measurement]":
        """Return the measurements that the next version will hold."""
        return self.measurements.filter(left_out_at__isnull=True)

    @property
    def current_findings(self) -> "models.QuerySet[Finding]":
        """Return the findings about what the next version will hold."""
        return self.findings.filter(
            data_file__left_out_at__isnull=True, measurement__left_out_at__isnull=True
        )

    @property
    def concept_doi(self) -> str:
        """Return the DOI that always names the newest version."""
        return f"{settings.DOI_PREFIX}/{self.pk}"

    @property
    def dataset_document(self) -> dict[str, Any]:
        """Return the description of the dataset with its defaults."""
        owner = self.owner
        account = {
            "name": owner.full_name or owner.username,
            "orcid": owner.orcid,
            "affiliation": owner.affiliation,
        }
        return fill_dataset_defaults(self.document.get("dataset"), account=account)


class DepositMember(models.Model):
    """A co-owner: may do with the deposit what its owner may.

    A name that no account has is kept like any other, and gives nobody any right: the owner of a deposit does not
    learn from it who has an account here.
    """

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="memberships")
    name = models.CharField(
        max_length=150, default="", db_default="", help_text="The user name as the owner wrote it."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="memberships",
        help_text="Empty where no account had the name.",
    )
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="deposit_member_once", fields=["deposit", "user"]),
            models.UniqueConstraint(name="deposit_member_named_once", fields=["deposit", "name"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.deposit_id}"


class DepositEdit(models.Model):
    """What one change of a deposit's document changed: told to whoever made theirs on an older revision."""

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="edits")
    revision = models.PositiveIntegerField(help_text="The revision that the edit made.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="edits")
    changes = models.JSONField(
        help_text="[{pointer, old, new}]; what is absent there was absent in the document."
    )

    class Meta:
        ordering: ClassVar = ["deposit", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="deposit_edit_once", fields=["deposit", "revision"])
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id} r{self.revision}"


class AnswerChange(models.Model):
    """What one change of the session's table wrote, answer by answer: by its id it is undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="answer_changes")
    revision = models.PositiveIntegerField(help_text="The revision that the change made.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="answer_changes")
    answers = models.JSONField(
        help_text="[{level, key, field, old, new}]; null where nothing stood, or stands."
    )

    class Meta:
        ordering: ClassVar = ["deposit", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="answer_change_once", fields=["deposit", "revision"])
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id} r{self.revision}"
