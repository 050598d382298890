"""What a DOI names."""

from repository.models import Identifier
from repository.selectors.visibility import Visitor, visible_identifiers


def find_identifier(visitor: Visitor, doi: str) -> Identifier | None:
    """Return what a DOI names that the visitor may see."""
    if "\x00" in doi:
        return None
    return visible_identifiers(visitor).filter(doi__iexact=doi).first()
