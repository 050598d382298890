from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from repository.models.dataset import Dataset, DatasetVersion
from repository.models.measurement import Measurement


class SearchEntry(models.Model):
    """The newest published version of a dataset as search sees it."""

    dataset = models.OneToOneField(
        Dataset, primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="+")
    title = models.TextField()
    creators = models.CharField(max_length=1000, blank=True)
    license = models.TextField()
    access = models.CharField(max_length=16)
    published_at = models.DateTimeField()
    text = SearchVectorField(null=True)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["text"], name="search_entry_text"),
            models.Index(fields=["-published_at", "-dataset"], name="search_entry_recent"),
        ]

    def __str__(self) -> str:
        return self.title


class Facts(models.Model):
    """The narrow, indexed, SI-typed row per published measurement: what search and planning compare."""

    measurement = models.OneToOneField(
        Measurement, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )
    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="facts")
    techniques = ArrayField(models.CharField(max_length=40), default=list)
    elements = ArrayField(models.CharField(max_length=3), default=list)
    format = models.CharField(max_length=40)
    instrument = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=16, blank=True)
    acceleration_voltage_v = models.FloatField(null=True)
    semi_convergence_angle_rad = models.FloatField(null=True)
    collection_semi_angle_rad = models.FloatField(null=True)
    scan_step_m = models.FloatField(null=True)
    dwell_time_s = models.FloatField(null=True)
    probe_current_a = models.FloatField(null=True)
    fluence_e_per_m2 = models.FloatField(null=True)
    camera_length_m = models.FloatField(null=True)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["techniques"], name="facts_techniques"),
            GinIndex(fields=["elements"], name="facts_elements"),
            models.Index(fields=["format"], name="facts_format"),
            models.Index(fields=["instrument"], name="facts_instrument"),
            models.Index(fields=["acceleration_voltage_v"], name="facts_voltage"),
            models.Index(fields=["semi_convergence_angle_rad"], name="facts_convergence"),
            models.Index(fields=["scan_step_m"], name="facts_step"),
            models.Index(fields=["fluence_e_per_m2"], name="facts_fluence"),
        ]

    def __str__(self) -> str:
        return f"facts of {self.measurement_id}"
