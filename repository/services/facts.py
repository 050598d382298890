"""The rows that search compares: one text entry per dataset, one narrow row per measurement."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db.models import Value

from repository.models import DatasetVersion, Facts, Measurement, SearchEntry
from repository.schema import Facts as DerivedFacts
from repository.schema import SignalShape, derive_facts

FORMULA_FIELDS = ("name", "formula", "description")
MOST_TEXT = 100_000  # characters; PostgreSQL refuses a search vector of more than a megabyte


def index_version(*, version: DatasetVersion) -> SearchEntry:
    """Make the newest version findable in the place of the older one; called when it is published."""
    measurements = [
        link.measurement
        for link in version.measurements.select_related("measurement").prefetch_related(
            "measurement__signals"
        )
    ]
    document = version.document
    creators = "; ".join(str(creator.get("name", "")) for creator in document.get("creators", []))
    entry, _ = SearchEntry.objects.update_or_create(
        dataset=version.dataset,
        defaults={
            "version": version,
            "title": version.title,
            "creators": creators[:1000],
            "license": version.license,
            "access": version.access,
            "published_at": version.published_at,
        },
    )
    SearchEntry.objects.filter(pk=entry.pk).update(
        text=SearchVector(Value(f"{version.title} {creators}"[:MOST_TEXT]), weight="A", config="english")
        + SearchVector(Value(_describe_samples(measurements)[:MOST_TEXT]), weight="B", config="simple")
        + SearchVector(Value(_describe(document, measurements)[:MOST_TEXT]), weight="C", config="english")
    )
    Facts.objects.filter(entry=entry).delete()
    Facts.objects.bulk_create(_build_facts(entry, measurement) for measurement in measurements)
    return entry


def _build_facts(entry: SearchEntry, measurement: Measurement) -> Facts:
    signals = [
        SignalShape.from_dict({"name": signal.name, "axes": signal.axes})
        for signal in measurement.signals.all()
    ]
    derived = derive_facts(measurement.present_document, signals=signals)
    return Facts(
        measurement=measurement,
        entry=entry,
        techniques=list(derived.techniques),
        elements=list(derived.elements),
        format=measurement.format,
        instrument=(derived.instrument_name or "")[:200],
        origin=(derived.origin or "")[:16],
        acceleration_voltage_v=derived.acceleration_voltage_v,
        semi_convergence_angle_rad=derived.semi_convergence_angle_rad,
        collection_semi_angle_rad=derived.collection_semi_angle_rad,
        scan_step_m=derived.scan_step_m,
        dwell_time_s=_find_dwell_time(derived),
        probe_current_a=derived.probe_current_a,
        fluence_e_per_m2=derived.electron_fluence_per_m2,
        camera_length_m=derived.camera_length_m,
    )


def _find_dwell_time(derived: DerivedFacts) -> float | None:
    """Return the time at one position: a camera that takes one pattern there exposes as long as the probe dwells."""
    if derived.dwell_time_s is not None or derived.scan == "none" or derived.time_per_position_s is None:
        return derived.dwell_time_s
    return derived.time_per_position_s / (derived.frames_summed or 1)


def _describe_samples(measurements: list[Measurement]) -> str:
    """Return names and formulas of the samples: the English stemmer would not do these well."""
    words: list[str] = []
    for measurement in measurements:
        sample: Mapping[str, Any] = measurement.present_document.get("sample") or {}
        for field in (*FORMULA_FIELDS, "elements"):
            words += _list_words(sample.get(field))
    return " ".join(dict.fromkeys(words))


def _describe(document: Mapping[str, Any], measurements: list[Measurement]) -> str:
    words = [*_list_words(document.get("abstract")), *_list_words(document.get("keywords"))]
    for measurement in measurements:
        instrument = measurement.present_document.get("instrument") or {}
        for value in instrument.values():
            words += _list_words(value)
        words += [technique.replace("_", " ") for technique in measurement.techniques]
        words.append(measurement.format)
    return " ".join(words)


def _list_words(entry: Any) -> list[str]:
    """Return the texts of an entry, which may stand alone, in a list, or beside its source."""
    if isinstance(entry, Mapping):
        entry = entry.get("value")
    if isinstance(entry, str):
        return [entry]
    return [text for text in entry if isinstance(text, str)] if isinstance(entry, list) else []
