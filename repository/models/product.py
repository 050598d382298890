from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from repository.models.data_file import SHA256_PATTERN
from repository.models.measurement import Measurement, Signal


class Product(models.Model):
    """Derived bytes: a reduction or a preview, with recipe, parameters, code version and input digests.

    In a draft there is one product of each output and kind; the next result takes its place. To a published measurement
    products are only added: the address by output leads to what was published with the version, each has one by digest.
    """

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="products")
    signal = models.ForeignKey(
        Signal, null=True, blank=True, on_delete=models.CASCADE, related_name="products"
    )
    recipe = models.CharField(max_length=64, help_text="What made it.")
    recipe_version = models.PositiveIntegerField(
        default=0, db_default=0, help_text="0: made before recipes had versions."
    )
    output = models.CharField(max_length=64, help_text="Which of the recipe's results it is; its address.")
    kind = models.CharField(max_length=16, choices=[("array", "Array"), ("preview", "Preview")])
    title = models.CharField(max_length=200, blank=True)
    settings = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="What the recipe was given: its parameters, and the calibration that it needs.",
    )
    digest = models.CharField(
        max_length=64, help_text="sha256 over inputs, signal, recipe, version, settings and output."
    )
    parameters = models.JSONField(default=dict, help_text="What is said of the result.")
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
    is_added = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Made after the measurement was published; reached by its digest.",
    )
    cover_rank = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Which picture stands for a measurement in lists: the lowest."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="product_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="product_output_once",
                fields=["signal", "output", "kind"],
                condition=Q(is_added=False),
            ),
            models.UniqueConstraint(name="product_digest_once", fields=["signal", "digest", "kind"]),
            models.CheckConstraint(
                name="product_settings_digest_form", condition=Q(digest__regex=SHA256_PATTERN)
            ),
            models.CheckConstraint(name="product_output_named", condition=~Q(output="")),
            models.CheckConstraint(name="product_digest_form", condition=Q(sha256__regex=SHA256_PATTERN)),
            models.CheckConstraint(name="product_kind_known", condition=Q(kind__in=["array", "preview"])),
        ]

    def __str__(self) -> str:
        return f"{self.output} of {self.measurement_id}"
