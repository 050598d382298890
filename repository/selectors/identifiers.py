"""What a DOI names."""

from django.db.models import Exists, OuterRef, Q

from repository.models import DatasetVersion, Identifier


def find_identifier(doi: str) -> Identifier | None:
    """Return what a DOI names, once it is published; a reserved DOI would give a draft away."""
    if "\x00" in doi:
        return None
    version = DatasetVersion.objects.filter(dataset_id=OuterRef("dataset_id"))
    named = Q(Exists(version), version_number__isnull=True) | Exists(
        version.filter(number=OuterRef("version_number"))
    )
    return Identifier.objects.filter(named, doi__iexact=doi).first()
