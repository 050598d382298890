"""What a DOI names."""

import re

from django.db.models import Exists, OuterRef, Q

from repository.models import DatasetVersion, Identifier

_VERSION_DOI = re.compile(r"(?P<concept>.+)\.v(?P<number>[0-9]{1,9})", re.IGNORECASE)


def find_identifier(doi: str) -> Identifier | None:
    """Return what a DOI names, once it is published; a reserved DOI would give a draft away."""
    if "\x00" in doi:
        return None
    version = DatasetVersion.objects.filter(dataset_id=OuterRef("dataset_id"))
    named = Q(Exists(version), version_number__isnull=True) | Exists(
        version.filter(number=OuterRef("version_number"))
    )
    return Identifier.objects.filter(named, doi__iexact=doi).first()


def find_missing_version(doi: str) -> tuple[str, int] | None:
    """Return dataset and number of a version DOI whose dataset is published, where no such version is."""
    parts = _VERSION_DOI.fullmatch(doi)
    concept = None if parts is None else find_identifier(parts["concept"])
    if parts is None or concept is None or concept.version_number is not None:
        return None
    return concept.dataset_id, int(parts["number"])
