"""What is known to be damaged in the object store, and what it belongs to."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Min
from django.db.models.functions import Now

from repository.models import ArrayObject, DataFile, Product, StoredObject, VersionFile

MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class DamagedObject:
    """One object whose bytes are not good, and where they are wanted."""

    sha256: str
    size: int
    damaged_at: dt.datetime
    damage: str
    places: tuple[str, ...]


def find_damaged(digests: Iterable[str]) -> Mapping[str, dt.datetime]:
    """Return which of the objects are damaged, and since when that is known."""
    known = StoredObject.objects.filter(damaged_at__isnull=False)
    wanted = set(digests)
    # Damage is rare: looking through all there is costs less than asking for each file of a large dataset.
    return {sha256: at for sha256, at in known.values_list("pk", "damaged_at") if at and sha256 in wanted}


def list_damaged_digests() -> frozenset[str]:
    """Return the digests of all that is damaged."""
    return frozenset(StoredObject.objects.filter(damaged_at__isnull=False).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Fixity:
    """How many objects are damaged, and how long the one was not read again that has waited longest for it."""

    damaged: int
    oldest_s: float


def measure_fixity() -> Fixity:
    """Count what is damaged, and look how far the round over everything has come."""
    damaged = StoredObject.objects.filter(damaged_at__isnull=False).count()
    kept = StoredObject.objects.filter(damaged_at__isnull=True, unreferenced_since__isnull=True)
    read = kept.filter(verified_at__isnull=False).aggregate(age=Now() - Min("verified_at"))["age"]
    unread = kept.filter(verified_at__isnull=True).aggregate(age=Now() - Min("touched_at"))["age"]
    ages = [age.total_seconds() for age in (read, unread) if age is not None]
    return Fixity(damaged=damaged, oldest_s=max(ages, default=0.0))


def describe_damaged() -> list[DamagedObject]:
    """Return every damaged object with what it belongs to, for the operator."""
    return [
        DamagedObject(
            sha256=stored.pk,
            size=stored.size,
            damaged_at=stored.damaged_at,
            damage=stored.damage,
            places=tuple(_list_places(stored.pk)),
        )
        for stored in StoredObject.objects.filter(damaged_at__isnull=False).order_by("damaged_at", "pk")
        if stored.damaged_at is not None
    ]


def _list_places(sha256: str) -> Iterable[str]:
    for file in VersionFile.objects.filter(sha256=sha256).select_related("version")[:MOST_PLACES]:
        yield f"{file.path} of {file.version.dataset_id} version {file.version.number}"
    for draft in DataFile.objects.filter(sha256=sha256, published_in__isnull=True)[:MOST_PLACES]:
        yield f"{draft.path} of the draft {draft.deposit_id}"
    arrays = ArrayObject.objects.filter(sha256=sha256).select_related("signal")
    for item in arrays[:MOST_PLACES]:
        yield f"{item.key} of the {item.kind} array {item.signal.name} of {item.signal.measurement_id}"
    for product in Product.objects.filter(sha256=sha256)[:MOST_PLACES]:
        yield f"{product.kind} {product.recipe} of {product.measurement_id}"
