from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from repository.models.group import Group
from repository.schema.identifiers import generate_id


class SharedRecord(models.Model):
    """What many deposits share: a person keeps it, alone or with a laboratory. Values are copied out of it."""

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    name = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="%(class)ss")
    group = models.ForeignKey(
        Group,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="%(class)ss",
        help_text="The laboratory whose members use it, and whose managers look after it.",
    )
    members_may_edit = models.BooleanField(
        default=False, db_default=False, help_text="Whether all members of the laboratory may change it."
    )
    is_open = models.BooleanField(
        default=False, db_default=False, help_text="Whether everybody with an account here may use it."
    )
    revision = models.PositiveIntegerField(default=1, db_default=1, help_text="Counts the changes; its ETag.")
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it is not offered any more; what it gave stays."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Instrument(SharedRecord):
    """A microscope that many deposits share; its dated presets fill in what headers leave out."""

    manufacturer = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    serial_number = models.CharField(max_length=200, blank=True, default="", db_default="")
    identifier = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="PIDINST DOI or handle."
    )
    facility = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Kind of gun, in the words of the schema.",
    )
    header_names = models.JSONField(default=list, db_default=[], help_text="What headers call it.")

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="instrument_name_once", fields=["owner", "name", "facility"])
        ]


class InstrumentPreset(models.Model):
    """What an instrument is known to give from one day on, under conditions; the documents are normalized."""

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=200)
    conditions = models.JSONField(
        default=dict, help_text="By field of the schema: the entry that must be said."
    )
    values = models.JSONField(default=dict, help_text="A document of the fields that hold under them.")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="The last day; empty while it holds.")

    class Meta:
        ordering: ClassVar = ["-valid_from", "name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="preset_days_in_order",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.UniqueConstraint(name="preset_name_once", fields=["instrument", "name", "valid_from"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} since {self.valid_from}"


class Sample(SharedRecord):
    """What was looked at: a specimen, a lamella or grid made of it, or a region of that.

    The part is always of a later kind than the whole, so that no chain of samples comes back to itself.
    """

    class Kind(models.TextChoices):
        SPECIMEN = "specimen", "Specimen"
        LAMELLA = "lamella", "Lamella"
        GRID = "grid", "Grid"
        REGION = "region", "Region"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SPECIMEN, db_default="specimen")
    made_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
        help_text="What it was made of.",
    )
    values = models.JSONField(
        default=dict,
        db_default={},
        help_text="Fields of `sample` in the schema; what it was made of gives the rest.",
    )

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sample_kind_known", condition=Q(kind__in=["specimen", "lamella", "grid", "region"])
            ),
            models.CheckConstraint(name="sample_not_made_of_itself", condition=~Q(made_of=F("id"))),
            models.CheckConstraint(
                name="sample_specimen_is_whole", condition=~Q(kind="specimen") | Q(made_of__isnull=True)
            ),
        ]
