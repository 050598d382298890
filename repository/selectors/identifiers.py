"""What a DOI names."""

import re

from repository.models import Identifier
from repository.selectors.visibility import Visitor, visible_identifiers

_VERSION_DOI = re.compile(r"(?P<concept>.+)\.v(?P<number>[0-9]{1,9})", re.IGNORECASE)


def split_version(named: str) -> tuple[str, int | None]:
    """Return the id and the version of what a DOI ends with, ``ID.v2``; of an id alone no version."""
    parts = _VERSION_DOI.fullmatch(named)
    return (named, None) if parts is None else (parts["concept"], int(parts["number"]))


def find_identifier(visitor: Visitor, doi: str) -> Identifier | None:
    """Return what a DOI names that the visitor may see."""
    if "\x00" in doi:
        return None
    return visible_identifiers(visitor).filter(doi__iexact=doi).first()


def find_missing_version(visitor: Visitor, doi: str) -> tuple[str, int] | None:
    """Return dataset and number of a version DOI whose dataset the visitor may see, where no such version is."""
    parts = _VERSION_DOI.fullmatch(doi)
    concept = None if parts is None else find_identifier(visitor, parts["concept"])
    if parts is None or concept is None or concept.version_number is not None:
        return None
    return concept.dataset_id, int(parts["number"])
