"""The search form: what was asked, and what else can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from frontend.presentation.hits import NamedFacetValue, name_facet_values
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.search.searchable import SearchableQuantity, list_quantities
from repository.selectors.search import FacetValue

_FACET_TITLES: Mapping[str, str] = {
    "modality": "Technique",
    "elements": "Elements",
    "format": "File format",
    "instrument": "Instrument",
    "outcome": "Goal of the measurement",
    "license": "Licence",
    "group": "Group",
}
_OPEN = frozenset({"modality"})


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit as it is sent and as it is printed."""

    code: str
    symbol: str


@dataclass(frozen=True, slots=True)
class RangeInput:
    """A range of a quantity."""

    name: str
    title: str
    low: str
    high: str
    unit: str
    units: tuple[UnitChoice, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """A list of values to choose from."""

    name: str
    title: str
    values: tuple[NamedFacetValue, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The whole form."""

    text: str
    ranges: tuple[RangeInput, ...]
    facets: tuple[Facet, ...]
    is_narrowed: bool


def build_search_form(query: QueryDict, facets: Mapping[str, tuple[FacetValue, ...]]) -> SearchForm:
    """Return the form filled with what was asked; a chosen value stays even where its count fell to zero."""
    return SearchForm(
        text=query.get("q", ""),
        ranges=tuple(
            _build_range(query, quantity)
            for quantity in list_quantities()
            if quantity.form or any(query.get(f"{quantity.name}_{end}") for end in ("min", "max"))
        ),
        facets=tuple(
            _build_facet(query, name, title, facets.get(name, ())) for name, title in _FACET_TITLES.items()
        ),
        is_narrowed=any(value for name, values in query.lists() if name != "cursor" for value in values),
    )


def _build_range(query: QueryDict, quantity: SearchableQuantity) -> RangeInput:
    name = quantity.name
    return RangeInput(
        name=name,
        title=quantity.title,
        low=query.get(f"{name}_min", ""),
        high=query.get(f"{name}_max", ""),
        unit=query.get(f"{name}_unit", quantity.unit),
        units=tuple(UnitChoice(unit, get_symbol(unit)) for unit in quantity.units),
    )


def _build_facet(query: QueryDict, name: str, title: str, values: tuple[FacetValue, ...]) -> Facet:
    chosen = query.getlist(name)
    present = {value.value for value in values}
    absent = tuple(FacetValue(value, 0) for value in chosen if value and value not in present)
    return Facet(
        name=name,
        title=title,
        values=name_facet_values(name, (*values, *absent), chosen),
        is_open=name in _OPEN or bool(chosen),
    )
