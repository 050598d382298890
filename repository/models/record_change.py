from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.shared_records import Instrument, Sample


class RecordChange(models.Model):
    """One change of an instrument or sample record, with both texts. Rows are only ever added."""

    instrument = models.ForeignKey(
        Instrument, null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    sample = models.ForeignKey(
        Sample, null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    number = models.PositiveIntegerField(help_text="The revision that it made.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(help_text="[{pointer, old, new}]; what was absent is left out.")
    note = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="record_change_of_one_record",
                condition=Q(instrument__isnull=True, sample__isnull=False)
                | Q(instrument__isnull=False, sample__isnull=True),
            ),
            models.UniqueConstraint(name="instrument_change_once", fields=["instrument", "number"]),
            models.UniqueConstraint(name="sample_change_once", fields=["sample", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id or self.sample_id} {self.number}"
