from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from repository.models.dataset import Dataset, DatasetVersion
from repository.models.measurement import Measurement
from repository.schema.search.searchable import find_quantities, list_quantities


class SearchEntry(models.Model):
    """The newest published version of a dataset as search sees it.

    `quantities` says by which declarations of the catalogue the facts were computed.
    """

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
    quantities = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["text"], name="search_entry_text"),
            models.Index(fields=["-published_at", "-dataset"], name="search_entry_recent"),
        ]

    def __str__(self) -> str:
        return self.title


class Facts(models.Model):
    """The narrow, indexed, SI-typed row per published measurement: what search and planning compare.

    Its numbers are the quantities of the catalogue; `declare_quantities` makes the columns.
    """

    measurement = models.OneToOneField(
        Measurement, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )
    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="facts")
    techniques = ArrayField(models.CharField(max_length=40), default=list)
    elements = ArrayField(models.CharField(max_length=3), default=list)
    format = models.CharField(max_length=40)
    instrument = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=16, blank=True)
    outcome = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="Whether its goal was reached."
    )

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["techniques"], name="facts_techniques"),
            GinIndex(fields=["elements"], name="facts_elements"),
            models.Index(fields=["format"], name="facts_format"),
            models.Index(fields=["instrument"], name="facts_instrument"),
            models.Index(fields=["outcome"], name="facts_outcome", condition=~models.Q(outcome="")),
        ]

    def __str__(self) -> str:
        return f"facts of {self.measurement_id}"

    def read(self, name: str) -> float | None:
        """Return a quantity by its name in search, in the unit of its column."""
        value: float | None = getattr(self, find_quantities()[name].column)
        return value


LONGEST_INDEX_NAME = 30  # Django's limit


def declare_quantities(facts: type[models.Model]) -> None:
    """Give the facts a column for each quantity of the catalogue that has none yet, and an index over its values."""
    options = facts._meta  # noqa: SLF001 - so Django names what describes a model
    present = {field.name for field in options.local_fields}
    for quantity in list_quantities():
        if quantity.column in present:
            continue
        facts.add_to_class(quantity.column, models.FloatField(null=True))
        is_known = models.Q(**{f"{quantity.column}__isnull": False})
        name = f"facts_{quantity.name}"[:LONGEST_INDEX_NAME]
        index = models.Index(fields=[quantity.column], name=name, condition=is_known)
        options.indexes = [*options.indexes, index]


declare_quantities(Facts)
