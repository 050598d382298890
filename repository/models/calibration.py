from typing import ClassVar, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.shared_records import Instrument, Sample
from repository.schema.checks.taken_calibrations import METHODS
from repository.schema.identifiers import generate_id


class Calibration(models.Model):
    """One number of a calibration: what a pixel, an angle, a matrix or a channel is known to be, and how.

    A calibration is one quantity of one instrument or sample record. Its numbers 1, 2, … are rows of one `series`; they
    are only ever added, so that each stays under its address. Measurements copy the value, and refer to none.
    """

    series = models.CharField(max_length=9, default=generate_id, help_text="Id of the calibration.")
    number = models.PositiveIntegerField(default=1)
    instrument = models.ForeignKey(
        Instrument, null=True, blank=True, on_delete=models.PROTECT, related_name="calibrations"
    )
    sample = models.ForeignKey(
        Sample, null=True, blank=True, on_delete=models.PROTECT, related_name="calibrations"
    )
    quantity = models.CharField(max_length=64, help_text="A field of the schema.")
    name = models.CharField(max_length=200)
    value = models.JSONField(help_text="Its entry: {value, unit, uncertainty}, or a matrix.")
    conditions = models.JSONField(
        default=dict, help_text="By field of the schema: the entry under which it holds."
    )
    method = models.CharField(max_length=16, choices=list(METHODS.items()))
    sources = models.JSONField(
        default=dict,
        help_text="What it was calibrated from: {measurement, version, sample, calibration, text}.",
    )
    calibrated_from = models.CharField(max_length=500, help_text="The same and the method in words.")
    rests_on = ArrayField(
        models.CharField(max_length=9),
        default=list,
        help_text="Ids of all calibrations that it was made with: it is never among them itself.",
    )
    note = models.CharField(max_length=1000, blank=True, default="")
    is_retired = models.BooleanField(default=False, help_text="Not offered any more, from this number on.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["series", "-number"]
        indexes: ClassVar = [
            models.Index(fields=["instrument", "quantity"], name="calibration_instrument"),
            models.Index(fields=["sample", "quantity"], name="calibration_sample"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(name="calibration_number_once", fields=["series", "number"]),
            models.CheckConstraint(name="calibration_number_positive", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="calibration_of_one_record",
                condition=Q(instrument__isnull=True, sample__isnull=False)
                | Q(instrument__isnull=False, sample__isnull=True),
            ),
            models.CheckConstraint(
                name="calibration_method_known",
                condition=Q(method__in=list(METHODS)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.reference}"

    @property
    def reference(self) -> str:
        """Return id and number, as values that were taken from it say them."""
        return f"{self.series}/{self.number}"

    @property
    def record(self) -> Instrument | Sample:
        """Return the record whose calibration it is."""
        return cast("Instrument | Sample", self.instrument if self.instrument_id else self.sample)
