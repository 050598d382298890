from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from repository.schema.identifiers import generate_id


class Instrument(models.Model):
    """A microscope that many deposits share; its dated presets fill in what headers leave out."""

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    name = models.CharField(max_length=200)
    manufacturer = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    facility = models.CharField(max_length=200, blank=True)
    presets = models.JSONField(default=list, help_text="[{valid_from, name, values}]")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="instruments"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="instrument_name_once", fields=["name", "facility"])
        ]

    def __str__(self) -> str:
        return self.name


class Sample(models.Model):
    """A specimen that several measurements share."""

    id = models.CharField(primary_key=True, max_length=9, default=generate_id, editable=False)
    name = models.CharField(max_length=200)
    formula = models.CharField(max_length=200, blank=True)
    preparation = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="samples")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
