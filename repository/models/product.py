from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.data_file import SHA256_PATTERN
from repository.models.measurement import Measurement, Signal


class Product(models.Model):
    """Derived bytes: a reduction or a preview, with recipe, parameters, code version and input digests."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="products")
    signal = models.ForeignKey(
        Signal, null=True, blank=True, on_delete=models.CASCADE, related_name="products"
    )
    recipe = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=[("array", "Array"), ("preview", "Preview")])
    title = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict)
    code_version = models.CharField(max_length=60)
    input_digests = models.JSONField(default=list)
    media_type = models.CharField(max_length=60)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    is_preliminary = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Made from a part of the values; gone once the conversion has its own.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="product_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(name="product_recipe_once", fields=["signal", "recipe", "kind"]),
            models.CheckConstraint(name="product_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)),
            models.CheckConstraint(name="product_kind_known", condition=Q(kind__in=["array", "preview"])),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} of {self.measurement_id}"


class Calibration(models.Model):
    """A versioned record beside the raw data: what a pixel, a matrix or an energy axis means, and how it is known."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="calibrations")
    number = models.PositiveIntegerField()
    quantity = models.CharField(max_length=64)
    value = models.JSONField()
    source = models.CharField(max_length=16)
    calibrated_from = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["quantity", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="calibration_number_once", fields=["measurement", "quantity", "number"]
            ),
            models.CheckConstraint(name="calibration_number_positive", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.number} of {self.measurement_id}"
