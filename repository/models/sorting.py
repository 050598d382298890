from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from repository.models.data_file import DataFile
from repository.models.deposit import Deposit
from repository.models.finding import Finding
from repository.models.measurement import Measurement, MeasurementFile


class Sorting(models.Model):
    """What was decided about one file that arrived, by its path: it outlives every reading of the deposit.

    A measurement goes by what was decided about its primary file. Files without a row are published and grouped as
    their formats say.
    """

    class Fate(models.TextChoices):
        PUBLISH = "publish", "To be published"
        PRIVATE = "private", "Kept private"
        DISCARD = "discard", "Discarded"
        ASIDE = "aside", "Set aside"

    class Place(models.TextChoices):
        RECOGNIZED = "", "As recognized"
        OWN = "own", "A measurement of its own"
        ALONE = "alone", "Part of no measurement"
        WITH = "with", "Part of another file's measurement"

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="sortings")
    path = models.CharField(max_length=1024)
    fate = models.CharField(max_length=8, choices=Fate, default=Fate.PUBLISH)
    kept_as = models.CharField(
        max_length=8,
        blank=True,
        default="",
        help_text="The fate with which the newest version left it in the deposit; empty where it did not.",
    )
    place = models.CharField(max_length=8, choices=Place, default=Place.RECOGNIZED, blank=True)
    beside = models.CharField(
        max_length=1024, blank=True, default="", help_text="The primary file whose measurement it is part of."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the rule for names of files decided.",
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="sorting_path_once", fields=["deposit", "path"]),
            models.CheckConstraint(
                name="sorting_fate_known", condition=Q(fate__in=["publish", "private", "discard", "aside"])
            ),
            models.CheckConstraint(
                name="sorting_kept_as_known", condition=Q(kept_as__in=["", "private", "aside"])
            ),
            models.CheckConstraint(
                name="sorting_place_known", condition=Q(place__in=["", "own", "alone", "with"])
            ),
            models.CheckConstraint(
                name="sorting_beside_where_with",
                condition=Q(place="with") & ~Q(beside="") | ~Q(place="with") & Q(beside=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path}: {self.fate} {self.place}".rstrip()


def goes_nowhere(
    deposit: str, path: str, *, fates: tuple[str, ...] = ("private", "discard", "aside")
) -> Exists:
    """Return the condition that the file of a path is not to be published.

    Parameters
    ----------
    deposit, path
        Where the row in question names its deposit and the path, such as `primary_file__path`.
    fates
        Which of the fates are meant.
    """
    return Exists(Sorting.objects.filter(deposit=OuterRef(deposit), path=OuterRef(path), fate__in=fates))


def is_kept() -> Q:
    """Return the condition on files of a deposit that the newest version left them there without holding them."""
    return Q(
        Exists(Sorting.objects.filter(deposit=OuterRef("deposit"), path=OuterRef("path")).exclude(kept_as=""))
    )


def is_withheld_measurement(*, fates: tuple[str, ...] = ("private", "discard")) -> Q:
    """Return the condition on measurements of a draft that its next version will not hold them."""
    return Q(goes_nowhere("deposit", "primary_file__path", fates=fates))


def is_withheld_file(*, fates: tuple[str, ...] = ("private", "discard", "aside")) -> Q:
    """Return the condition on files of a draft that its next version will not hold them.

    Whatever is part of measurements goes with them: it is withheld where each of them is. Anything else goes by what
    was decided about it alone.
    """
    parts = MeasurementFile.objects.filter(data_file=OuterRef("pk"), measurement__left_out_at__isnull=True)
    leading = goes_nowhere("measurement__deposit", "measurement__primary_file__path", fates=fates)
    alone = goes_nowhere("deposit", "path", fates=fates)
    return (Exists(parts) & ~Exists(parts.filter(~leading))) | (~Exists(parts) & alone)


def version_measurements(deposit: Deposit) -> models.QuerySet[Measurement]:
    """Return the measurements of a draft that its next version will hold, those that could not be read among them."""
    return deposit.current_measurements.filter(~is_withheld_measurement())


def withheld_measurements(deposit: Deposit) -> models.QuerySet[Measurement]:
    """Return the measurements of a draft that its next version will not hold."""
    return deposit.current_measurements.filter(is_withheld_measurement())


def version_files(deposit: Deposit) -> models.QuerySet[DataFile]:
    """Return the files of a draft that its next version will hold."""
    return deposit.current_files.filter(~is_withheld_file())


def withheld_files(deposit: Deposit) -> models.QuerySet[DataFile]:
    """Return the files of a draft that its next version will not hold."""
    return deposit.current_files.filter(is_withheld_file())


def version_findings(deposit: Deposit) -> models.QuerySet[Finding]:
    """Return the findings about what the next version will hold: nothing that is withheld stands in its way."""
    return deposit.current_findings.exclude(data_file__in=withheld_files(deposit)).exclude(
        measurement__in=withheld_measurements(deposit)
    )
