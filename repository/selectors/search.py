"""Search over what is published: words, facets, and ranges of physical quantities with units."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import (
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import Func
from django.db.models.functions import Cast

from repository.errors import UnknownSearchFilterError
from repository.models import Facts, SearchEntry
from repository.schema.search.conditions import (
    ConditionTextError,
    QuantityRange,
    find_quantity,
    parse_bounds,
    parse_condition,
    refuse_exclusion,
    take_conditions,
)
from repository.schema.search.searchable import (
    SearchableQuantity,
    convert_from_column,
    find_quantities,
)
from repository.selectors import addresses
from repository.selectors.access import current_access
from repository.selectors.visibility import Visitor, visible_entries

FACETS: Mapping[str, str] = {
    "modality": "techniques",
    "format": "format",
    "instrument": "instrument",
    "elements": "elements",
    "outcome": "outcome",
}
LIST_COLUMNS = frozenset({"techniques", "elements"})
FACET_SIZE = 50
MOST_SPANS = 12
SHOWN_WITH_HITS = "acceleration_voltage"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is looked for; every part narrows the result, but `spans`: these quantities are told of what was found."""

    text: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licenses: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ranges: tuple[QuantityRange, ...] = ()
    spans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet and how many datasets have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class QuantitySpan:
    """How many datasets have a quantity, and its smallest and largest value in the unit that people type."""

    name: str
    unit: str
    count: int
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A dataset that was found."""

    id: str
    doi: str
    title: str
    url: str
    creators: str
    license: str
    access: str
    embargo_until: dt.date | None
    published_at: dt.datetime
    measurements: tuple[str, ...]
    techniques: tuple[str, ...]
    elements: tuple[str, ...]
    acceleration_voltages_v: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results with the facets of all of them.

    Attributes
    ----------
    laboratories
        To how many groups the datasets belong; those of no group are not among them.
    """

    count: int
    laboratories: int
    hits: tuple[SearchHit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    spans: tuple[QuantitySpan, ...]
    continue_after: tuple[str, str] | None


def search(
    visitor: Visitor, request: SearchRequest, *, size: int = 20, after: tuple[str, str] | None = None
) -> SearchPage:
    """Return the datasets that match for the visitor, newest first, with the counts of every facet."""
    matching = _filter_entries(visible_entries(visitor), request)
    page = matching.order_by("-published_at", "-dataset_id")
    if after is not None:
        published_at, dataset_id = after
        page = page.filter(
            Q(published_at__lt=published_at) | Q(published_at=published_at, dataset_id__lt=dataset_id)
        )
    shown = Facts.objects.only(
        "entry_id", "techniques", "elements", find_quantities()[SHOWN_WITH_HITS].column
    )
    rows = list(page.select_related("version").prefetch_related(Prefetch("facts", shown))[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    holders, laboratories = _count_holders(matching)
    return SearchPage(
        count=matching.count(),
        laboratories=laboratories,
        hits=tuple(_build_hit(row) for row in rows[:size]),
        facets={**_count_facets(matching), **holders},
        spans=_measure_spans(matching, request.spans),
        continue_after=(last.published_at.isoformat(), last.pk) if last else None,
    )


def _filter_entries(entries: QuerySet[SearchEntry], request: SearchRequest) -> QuerySet[SearchEntry]:
    if request.text.strip():
        wanted = SearchQuery(request.text, search_type="websearch", config="english") | SearchQuery(
            request.text, search_type="websearch", config="simple"
        )
        entries = entries.filter(Q(text=wanted) | Q(pk=request.text.strip().lower()))
    if request.licenses:
        entries = entries.filter(license__in=request.licenses)
    if request.groups:
        entries = entries.filter(dataset__deposit__group__name__in=request.groups)
    facts = _filter_facts(request)
    return entries if facts is None else entries.filter(Exists(facts.filter(entry=OuterRef("pk"))))


def _filter_facts(request: SearchRequest) -> QuerySet[Facts] | None:
    """Return the measurements that fulfil all conditions together; `None` where there is none."""
    facts = Facts.objects.all()
    is_narrowed = False
    for name, values in request.facets.items():
        if not values:
            continue
        is_narrowed = True
        column = FACETS[name]
        if column in LIST_COLUMNS:
            facts = facts.filter(**{f"{column}__contains": list(values)})
        else:
            facts = facts.filter(**{f"{column}__in": list(values)})
    for wanted in request.ranges:
        is_narrowed = True
        # A typed bound and a stored value may differ in the last bit: 80 kV must find 80 kV.
        if wanted.low is not None:
            facts = facts.filter(**{f"{wanted.column}__gte": wanted.low - abs(wanted.low) * 1e-9})
        if wanted.high is not None:
            facts = facts.filter(**{f"{wanted.column}__lte": wanted.high + abs(wanted.high) * 1e-9})
    return facts if is_narrowed else None


def _count_facets(matching: QuerySet[SearchEntry]) -> dict[str, tuple[FacetValue, ...]]:
    """Return how many entries have which value, by facet; one question, however many facets there are."""
    facts = Facts.objects.filter(entry__in=matching.values("pk"))
    counted: list[QuerySet[Facts, Any]] = []
    for name, column in FACETS.items():
        value: Any = Func(F(column), function="unnest") if column in LIST_COLUMNS else F(column)
        counted.append(
            facts.annotate(name=Value(name), facet=Cast(value, TextField()))
            .values_list("name", "facet")
            .annotate(n=Count("entry", distinct=True))
            .order_by("-n", "facet")[:FACET_SIZE]
        )
    first, *others = counted
    found: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for name, text, n in first.union(*others, all=True):
        if text:
            found[name][text] = n
    return {name: _rank(counts) for name, counts in found.items()}


def _count_holders(matching: QuerySet[SearchEntry]) -> tuple[dict[str, tuple[FacetValue, ...]], int]:
    """Return the facets of licence and group, and how many groups there are, in one query."""
    named = matching.order_by().annotate(
        group=F("dataset__deposit__group"), group_name=F("dataset__deposit__group__name")
    )
    licenses: Counter[str] = Counter()
    names: Counter[str] = Counter()
    groups: set[str] = set()
    for license_id, group, name, n in named.values_list("license", "group", "group_name").annotate(
        n=Count("pk")
    ):
        licenses[license_id] += n
        if group is not None:
            groups.add(group)
            names[name] += n  # a group that was closed may have the name of one that is there
    return {"license": _rank(licenses), "group": _rank(names)}, len(groups)


def _rank(counts: Counter[str]) -> tuple[FacetValue, ...]:
    largest = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(FacetValue(value, n) for value, n in largest[:FACET_SIZE])


def _measure_spans(matching: QuerySet[SearchEntry], names: Sequence[str]) -> tuple[QuantitySpan, ...]:
    """Return the spans in one query; it reads as many columns as are asked for."""
    quantities = [find_quantities()[name] for name in names]
    if not quantities:
        return ()
    wanted: dict[str, Any] = {}
    for quantity in quantities:
        column, has_it = quantity.column, Q(**{f"{quantity.column}__isnull": False})
        wanted |= {
            f"{column}__n": Count("entry", filter=has_it, distinct=True),
            f"{column}__low": Min(column),
            f"{column}__high": Max(column),
        }
    found = Facts.objects.filter(entry__in=matching.values("pk")).aggregate(**wanted)
    return tuple(_build_span(quantity, found) for quantity in quantities)


def _build_span(quantity: SearchableQuantity, found: Mapping[str, Any]) -> QuantitySpan:
    ends = [found[f"{quantity.column}__{end}"] for end in ("low", "high")]
    low, high = (None if end is None else convert_from_column(quantity, end) for end in ends)
    return QuantitySpan(quantity.name, quantity.unit, found[f"{quantity.column}__n"], low, high)


def _build_hit(entry: SearchEntry) -> SearchHit:
    facts: Sequence[Facts] = list(entry.facts.all())
    voltages = {voltage for fact in facts if (voltage := fact.read(SHOWN_WITH_HITS)) is not None}
    return SearchHit(
        id=entry.pk,
        doi=entry.version.doi,
        title=entry.title,
        url=addresses.dataset_page(entry.pk),
        creators=entry.creators,
        license=entry.license,
        access=current_access(entry.version),
        embargo_until=entry.version.embargo_until,
        published_at=entry.published_at,
        measurements=tuple(fact.measurement_id for fact in facts),
        techniques=tuple(sorted({technique for fact in facts for technique in fact.techniques})),
        elements=tuple(sorted({element for fact in facts for element in fact.elements})),
        acceleration_voltages_v=tuple(sorted(voltages)),
    )


def list_search_parameters() -> frozenset[str]:
    """Return the names that a query string may use."""
    ranges = {f"{name}_{end}" for name in find_quantities() for end in ("min", "max", "unit")}
    return frozenset({"q", "where", "license", "group", "span", *FACETS, *ranges})


def build_search_request(query: Any) -> SearchRequest:
    """Return the request that a query string (a `QueryDict`) describes; page and API share this.

    Understood are `q`, in which conditions may stand among the words, the facets, `license`, `group`,
    `where=dose>1000 e/Å²`, also as `where=field:low..high:unit`, the pairs `{field}_min`, `{field}_max` with
    `{field}_unit`, and `span`.

    Raises
    ------
    UnknownSearchFilterError
        Names the part that cannot be understood.
    """
    text = query.get("q", "")
    if "\x00" in text:
        raise UnknownSearchFilterError("The text holds a NUL character.", pointer="/q")
    with _naming("/q"):
        words, taken = take_conditions(text)
    ranges = (*taken, *_read_ranges(query))
    with _naming("/where"):
        refuse_exclusion(ranges)
    facets = {name: _read_values(query, name) for name in FACETS}
    return SearchRequest(
        text=words,
        facets=facets,
        licenses=_read_values(query, "license"),
        groups=_read_values(query, "group"),
        ranges=ranges,
        spans=_read_spans(query),
    )


def _read_ranges(query: Any) -> Iterator[QuantityRange]:
    for text in query.getlist("where"):
        if text.strip():
            with _naming("/where"):
                yield parse_condition(text)
    for name in find_quantities():
        low, high = query.get(f"{name}_min", ""), query.get(f"{name}_max", "")
        if low.strip() or high.strip():
            with _naming(f"/{name}_{'min' if low.strip() else 'max'}"):
                yield parse_bounds(name, low, high, query.get(f"{name}_unit", ""))


@contextlib.contextmanager
def _naming(pointer: str) -> Iterator[None]:
    """Say where the condition stands that cannot be understood."""
    try:
        yield
    except ConditionTextError as error:
        raise UnknownSearchFilterError(str(error), hint=error.hint, pointer=pointer) from error


def _read_spans(query: Any) -> tuple[str, ...]:
    with _naming("/span"):
        names = tuple(dict.fromkeys(find_quantity(name).name for name in query.getlist("span") if name))
    if len(names) > MOST_SPANS:
        raise UnknownSearchFilterError(f"At most {MOST_SPANS} spans are told at once.", pointer="/span")
    return names


def _read_values(query: Any, name: str) -> tuple[str, ...]:
    values = tuple(value for value in query.getlist(name) if value)
    if any("\x00" in value for value in values):
        raise UnknownSearchFilterError(f"{name} holds a NUL character.", pointer=f"/{name}")
    return values
