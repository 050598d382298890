from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.data_file import DataFile
from repository.models.deposit import Deposit
from repository.models.measurement import Measurement


class Finding(models.Model):
    """One result of a check, kept until the stage that found it looks again."""

    class Stage(models.TextChoices):
        UPLOAD = "upload", "Upload"
        RECOGNITION = "recognition", "Recognition"
        READING = "reading", "Reading"
        CONVERSION = "conversion", "Conversion"
        REDUCTION = "reduction", "Reduction"
        VALIDATION = "validation", "Validation"

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="findings")
    data_file = models.ForeignKey(
        DataFile, null=True, blank=True, on_delete=models.CASCADE, related_name="findings"
    )
    measurement = models.ForeignKey(
        Measurement, null=True, blank=True, on_delete=models.CASCADE, related_name="findings"
    )
    stage = models.CharField(max_length=16, choices=Stage)
    layer = models.CharField(max_length=16)
    severity = models.CharField(max_length=8)
    code = models.CharField(max_length=80)
    pointer = models.CharField(max_length=300, blank=True)
    message = models.TextField()
    hint = models.TextField(blank=True)
    why = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["deposit", "stage"], name="finding_deposit_stage")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="finding_severity_known", condition=Q(severity__in=["error", "warning", "info"])
            ),
            models.CheckConstraint(name="finding_has_message", condition=~Q(message="")),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.code}"
