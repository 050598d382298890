"""Which converted arrays have no checksums in their chunks yet, or are damaged, and so want to be converted again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from processing.engine.zarr_metadata import has_checksums
from processing.engine.zarr_writer import METADATA_KEY
from repository.models import ArrayObject, Measurement, StoredObject
from repository.services.checked_reading import BrokenObjectError, CheckedReading


@dataclass(frozen=True, slots=True)
class Outdated:
    """Measurements whose arrays want another conversion.

    Attributes
    ----------
    drafts
        Those that may have it.
    published
        Those whose arrays belong to a version and never change.
    """

    drafts: tuple[str, ...]
    published: tuple[str, ...]


def find_outdated_arrays() -> Outdated:
    """Look at the metadata of every converted array."""
    headers = ArrayObject.objects.filter(key=METADATA_KEY, kind=ArrayObject.Kind.PRIMARY).select_related(
        "signal"
    )
    found = {item.signal.measurement_id for item in headers.iterator() if not _is_sealed(item)}
    damaged = StoredObject.objects.filter(damaged_at__isnull=False).values("pk")
    found |= set(
        ArrayObject.objects.filter(sha256__in=damaged).values_list("signal__measurement_id", flat=True)
    )
    return Outdated(drafts=_choose(found, is_frozen=False), published=_choose(found, is_frozen=True))


def _choose(measurement_ids: Iterable[str], *, is_frozen: bool) -> tuple[str, ...]:
    chosen = Measurement.objects.filter(
        pk__in=measurement_ids, state=Measurement.State.CONVERTED, frozen_at__isnull=not is_frozen
    )
    return tuple(chosen.order_by("pk").values_list("pk", flat=True))


def _is_sealed(item: ArrayObject) -> bool:
    try:
        return has_checksums(json.loads(b"".join(CheckedReading(item.sha256, size=item.size))))
    except (BrokenObjectError, json.JSONDecodeError):
        return False
