"""Every column that refers to stored bytes. Bytes to which none of them refers belong to nobody.

The list is derived from the models, so a new column with a digest counts as a reference from its first day; one
that only mentions a digest is named here with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q

if TYPE_CHECKING:  # generic for the type checker only
    from django.db.models.fields import Field

MENTIONS = {
    "ApiToken.digest": "the hash of a token",
    "Product.digest": "names how it was made, not its bytes",
    "Product.input_digests": "provenance: from which bytes it was made; what has those keeps them",
    "ReviewerLink.digest": "the hash of a link's key",
    "StoredObject.sha256": "the object itself",
    "Upload.declared_sha256": "a promise; once the bytes are there, `sha256` says so",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose values are names of stored objects."""

    model: type[Model]
    field: str

    @property
    def name(self) -> str:
        """Return model and field."""
        return f"{self.model.__name__}.{self.field}"


def mentions_digest(field: "Field[Any, Any]") -> bool:
    """Return whether a column is named as one that holds digests."""
    return any(word in field.name for word in ("sha256", "digest"))


@cache
def list_references() -> tuple[Reference, ...]:
    """Return every column that keeps bytes alive."""
    found = (
        Reference(model, field.name)
        for model in apps.get_app_config("repository").get_models()
        for field in model._meta.concrete_fields  # noqa: SLF001  # public by custom
        if mentions_digest(field)
    )
    return tuple(reference for reference in found if reference.name not in MENTIONS)


def is_referenced() -> Q:
    """Return the condition on stored objects that a row refers to them."""
    condition = Q()
    for rows in _list_rows():
        condition |= Q(rows)
    return condition


def is_unreferenced() -> Q:
    """Return the condition on stored objects that no row refers to them; spelled so that indexes answer it."""
    condition = Q()
    for rows in _list_rows():
        condition &= ~Q(rows)
    return condition


def _list_rows() -> list[Exists]:
    return [
        Exists(reference.model._default_manager.filter(**{reference.field: OuterRef("sha256")}))  # noqa: SLF001
        for reference in list_references()
    ]


def find_referenced(digests: Iterable[str]) -> set[str]:
    """Return those of the digests to which a row refers, whether or not they have a row of their own."""
    names = list(digests)
    return {
        digest
        for reference in list_references()
        for digest in reference.model._default_manager.filter(  # noqa: SLF001
            **{f"{reference.field}__in": names}
        ).values_list(reference.field, flat=True)
    }
