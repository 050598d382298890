"""Corrections of what a published version says; its bytes, arrays and ids stay (ADR 0048)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from repository.errors import NotFoundError
from repository.models.dataset import DatasetVersion
from repository.models.supplied import SuppliedField
from repository.schema.documents.pattern_order import restore_order
from repository.schema.versions.steps import move_document, move_supplied

_NEWEST = "newest_revision"


class MetadataRevision(models.Model):
    """What a published version says since somebody corrected it: rows are only ever added.

    Each row is whole: with the version's content nothing else is needed to read what the version said then.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(help_text="1, 2, … of the version; 0 is what was published.")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="metadata_revisions"
    )
    reason = models.TextField()
    schema_version = models.CharField(max_length=20, help_text="In the words of which version it is written.")
    supplied = SuppliedField(help_text="What persons supplied, corrected: the next version begins with it.")
    document = models.JSONField(help_text="The dataset's description.")
    measurements = models.JSONField(
        default=dict, help_text="id -> {metadata, findings} of all that are not any more as published."
    )
    changes = models.JSONField(
        help_text="[{measurement, path, field, title, old, new, old_text, new_text}]; measurement is empty for the "
        "description."
    )
    accepted_warnings = models.JSONField(default=list, help_text="[{code, note, by, at}]")

    class Meta:
        ordering: ClassVar = ["version", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="metadata_revision_once", fields=["version", "number"]),
            models.CheckConstraint(name="metadata_revision_positive", condition=Q(number__gte=1)),
            models.CheckConstraint(name="metadata_revision_reasoned", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.version} r{self.number}"


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said of one measurement, and in the words of which version of the schema."""

    metadata: Mapping[str, Any]
    schema_version: str

    @property
    def present(self) -> dict[str, Any]:
        """Return it in the words of the version in force: what programs and search compare."""
        return move_document(self.metadata, since=self.schema_version).document


@dataclass(frozen=True, slots=True)
class Description:
    """What a version says: as it was published, or as a revision has it.

    Attributes
    ----------
    revision
        None for what was published.
    newest
        The number of the newest revision; 0 where nobody corrected anything.
    """

    version: DatasetVersion
    revision: MetadataRevision | None
    newest: int

    @property
    def number(self) -> int:
        """Return the number of the revision; 0 is what was published."""
        return self.revision.number if self.revision is not None else 0

    @property
    def schema_version(self) -> str:
        """Return in the words of which version of the schema the description of the dataset is."""
        return self.revision.schema_version if self.revision is not None else self.version.schema_version

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the description of the dataset."""
        document: Mapping[str, Any] = (
            self.revision.document if self.revision is not None else self.version.document
        )
        return document

    @property
    def title(self) -> str:
        """Return the title."""
        return self.version.title if self.revision is None else str(self.document["title"])

    @property
    def license(self) -> str:
        """Return the licence, as an SPDX id."""
        return self.version.license if self.revision is None else str(self.document["license"])

    @property
    def present(self) -> dict[str, Any]:
        """Return the description of the dataset in the words of the version in force."""
        return move_document(self.document, since=self.schema_version, kind="dataset").document

    @property
    def measurements(self) -> list[dict[str, Any]]:
        """Return what is said of the measurements: entries of the version's content, as corrected."""
        entries: list[dict[str, Any]] = self.version.content.get("measurements", [])
        if self.revision is None:
            return entries
        corrected = self.revision.measurements
        under = {"schema_version": self.revision.schema_version}
        return [
            {**entry, **corrected[entry["id"]], **under} if entry["id"] in corrected else entry
            for entry in entries
        ]

    @property
    def wordings(self) -> dict[str, Wording]:
        """Return what is said of each measurement, by id."""
        return {
            entry["id"]: Wording(
                entry["metadata"], str(entry.get("schema_version", self.version.schema_version))
            )
            for entry in self.measurements
        }

    def get_entry(self, measurement_id: str) -> dict[str, Any]:
        """Return what is said of one measurement."""
        return next(entry for entry in self.measurements if entry["id"] == measurement_id)

    @property
    def supplied(self) -> dict[str, Any] | None:
        """Return what persons supplied, in today's words; None where an old version did not keep it."""
        if self.revision is not None:
            return move_supplied(self.revision.supplied, since=self.revision.schema_version).document
        if "supplied" not in self.version.content:
            return None
        stored = restore_order(self.version.content["supplied"])
        return move_supplied(stored, since=self.version.schema_version).document


def with_newest_revision(versions: QuerySet[DatasetVersion]) -> QuerySet[DatasetVersion]:
    """Return the query with the number of each version's newest revision: most have none, and no question is asked."""
    numbers = MetadataRevision.objects.filter(version=OuterRef("pk")).order_by("-number").values("number")
    return versions.annotate(**{_NEWEST: Subquery(numbers[:1])})


def read_description(version: DatasetVersion, number: int | None = None) -> Description:
    """Return what a version says, in the newest revision or in the one with the number; 0 is what was published.

    Where the version comes from `with_newest_revision` and was never corrected, the database is not asked.

    Raises
    ------
    NotFoundError
        The version has no such revision; the hint says which there are.
    """
    revisions = version.revisions.order_by("-number")
    is_corrected = vars(version).get(_NEWEST, 1) is not None
    revision = revisions.first() if is_corrected else None
    newest = revision.number if revision is not None else 0
    if number is None or number == newest:
        return Description(version, revision, newest)
    if number == 0:
        return Description(version, None, newest)
    chosen = revisions.filter(number=number).first()
    if chosen is None:
        there_are = (
            f"It has the revisions 0 (as published) … {newest}." if newest else "It was never corrected."
        )
        raise NotFoundError(f"The version {version} has no revision {number}.", hint=there_are)
    return Description(version, chosen, newest)
