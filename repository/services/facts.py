"""The rows that search compares: one text entry per dataset, one narrow row per measurement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value

from repository.models import DatasetVersion, Facts, Measurement, SearchEntry
from repository.models.revision import Description, read_description
from repository.schema import derive_facts
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.search.searchable import derive_quantities, digest_quantities

FORMULA_FIELDS = ("name", "formula", "description")
MOST_TEXT = 100_000  # characters; PostgreSQL refuses a search vector of more than a megabyte


def index_version(*, version: DatasetVersion) -> SearchEntry:
    """Make the newest version findable in the place of the older one; called when it is published."""
    description = read_description(version)
    measurements = _list_measurements(description)
    document = description.present
    creators = "; ".join(str(creator.get("name", "")) for creator in document.get("creators", []))
    entry, _ = SearchEntry.objects.update_or_create(
        dataset=version.dataset,
        defaults={
            "version": version,
            "title": description.title,
            "creators": creators[:1000],
            "license": description.license,
            "access": version.access,
            "published_at": version.published_at,
            "quantities": digest_quantities(),
        },
    )
    SearchEntry.objects.filter(pk=entry.pk).update(
        text=SearchVector(Value(f"{description.title} {creators}"[:MOST_TEXT]), weight="A", config="english")
        + SearchVector(Value(_describe_samples(measurements)[:MOST_TEXT]), weight="B", config="simple")
        + SearchVector(Value(_describe(document, measurements)[:MOST_TEXT]), weight="C", config="english")
    )
    _replace_facts(entry, measurements)
    return entry


def refresh_facts() -> int:
    """Compute again what older declarations of the catalogue computed otherwise; return of how many datasets.

    Each is one transaction, and one that is done is not done again: the program may end at any of them.
    """
    outdated = list(SearchEntry.objects.exclude(quantities=digest_quantities()).values_list("pk", flat=True))
    for dataset_id in outdated:
        with transaction.atomic():
            entry = SearchEntry.objects.select_for_update().filter(pk=dataset_id).first()
            if entry is not None:
                _replace_facts(entry, _list_measurements(read_description(entry.version)))
                entry.quantities = digest_quantities()
                entry.save(update_fields=["quantities"])
    return len(outdated)


@dataclass(frozen=True, slots=True)
class _Described:
    """A measurement, and what is said of it in the words of the version in force."""

    row: Measurement
    document: Mapping[str, Any]


def _list_measurements(description: Description) -> list[_Described]:
    wordings = description.wordings
    links = description.version.measurements.select_related("measurement")
    return [
        _Described(link.measurement, wordings[link.measurement_id].present)
        for link in links.prefetch_related("measurement__signals")
    ]


def _replace_facts(entry: SearchEntry, measurements: Iterable[_Described]) -> None:
    Facts.objects.filter(entry=entry).delete()
    Facts.objects.bulk_create(_build_facts(entry, measurement) for measurement in measurements)


def _build_facts(entry: SearchEntry, described: _Described) -> Facts:
    measurement, document = described.row, described.document
    signals = calibrate_signals(measurement.shapes, document)
    derived = derive_facts(document, signals=signals)
    return Facts(
        measurement=measurement,
        entry=entry,
        techniques=list(derived.techniques),
        elements=list(derived.elements),
        format=measurement.format,
        instrument=(derived.instrument_name or "")[:200],
        origin=(derived.origin or "")[:16],
        outcome=(derived.outcome or "")[:16],
        **derive_quantities(document, signals=signals),
    )


def _describe_samples(measurements: Iterable[_Described]) -> str:
    """Return names and formulas of the samples: the English stemmer would not do these well."""
    words: list[str] = []
    for measurement in measurements:
        sample: Mapping[str, Any] = measurement.document.get("sample") or {}
        for field in (*FORMULA_FIELDS, "elements"):
            words += _list_words(sample.get(field))
    return " ".join(dict.fromkeys(words))


def _describe(document: Mapping[str, Any], measurements: Iterable[_Described]) -> str:
    words = [*_list_words(document.get("abstract")), *_list_words(document.get("keywords"))]
    for measurement in measurements:
        instrument = measurement.document.get("instrument") or {}
        for value in instrument.values():
            words += _list_words(value)
        outcome = measurement.document.get("outcome") or {}
        for name in ("goal", "why"):
            words += _list_words(outcome.get(name))
        words += [technique.replace("_", " ") for technique in measurement.row.techniques]
        words.append(measurement.row.format)
    return " ".join(words)


def _list_words(entry: Any) -> list[str]:
    """Return the texts of an entry, which may stand alone, in a list, or beside its source."""
    if isinstance(entry, Mapping):
        entry = entry.get("value")
    if isinstance(entry, str):
        return [entry]
    return [text for text in entry if isinstance(text, str)] if isinstance(entry, list) else []
