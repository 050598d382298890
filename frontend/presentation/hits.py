"""Search results and facets as they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from frontend.presentation.quantities import term_title
from ingest.formats.registry import title_of
from repository.selectors.search import FacetValue, SearchHit
from repository.selectors.thumbnails import find_thumbnails
from repository.selectors.visibility import Visitor

_SHORT_TERMS: Mapping[str, str] = {
    "annular": "Annular imaging",
    "segmented_detector": "Segmented DPC",
    "eels": "EELS",
    "eds": "EDS",
    "tem_image": "TEM image",
    "derived_table": "Table",
    "other": "Other",
}


@dataclass(frozen=True, slots=True)
class HitView:
    """A dataset in a list of results."""

    title: str
    url: str
    doi: str
    creators: str
    published_at: datetime
    techniques: tuple[str, ...]
    elements: tuple[str, ...]
    voltages_kv: tuple[float, ...]
    access: str
    thumbnail: str


@dataclass(frozen=True, slots=True)
class NamedFacetValue:
    """A facet's value with what it is called."""

    value: str
    title: str
    count: int
    is_chosen: bool = False


def describe_hits(visitor: Visitor, hits: Sequence[SearchHit]) -> tuple[HitView, ...]:
    """Return results with a picture each, in one query for all pictures."""
    shown = [hit.measurements for hit in hits if hit.access == "open"]
    thumbnails = find_thumbnails(visitor, [each for measurements in shown for each in measurements])
    return tuple(
        HitView(
            title=hit.title,
            url=f"/datasets/{hit.id}",
            doi=hit.doi,
            creators=hit.creators,
            published_at=hit.published_at,
            techniques=hit.techniques,
            elements=hit.elements,
            voltages_kv=tuple(voltage / 1000 for voltage in hit.acceleration_voltages_v),
            access=hit.access,
            thumbnail=next((thumbnails[m] for m in hit.measurements if m in thumbnails), ""),
        )
        for hit in hits
    )


def name_facet_values(
    name: str, values: Iterable[FacetValue], chosen: Sequence[str] = ()
) -> tuple[NamedFacetValue, ...]:
    """Return the values of a facet as people call them."""
    return tuple(
        NamedFacetValue(value.value, _name_value(name, value.value), value.count, value.value in chosen)
        for value in values
    )


def _name_value(facet: str, value: str) -> str:
    if facet == "modality":
        return short_term(value)
    if facet == "format":
        return title_of(value)
    if facet == "outcome":
        return term_title("outcome", value)
    return value


def short_term(technique: str) -> str:
    """Return a technique in the few words that a badge holds."""
    if technique in _SHORT_TERMS:
        return _SHORT_TERMS[technique]
    title = term_title("technique", technique)
    return title.split(" (")[0].split(":")[0]
