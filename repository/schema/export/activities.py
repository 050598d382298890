"""What generated the data, in the words of PROV, and by which technique: instruments acquire, programs simulate."""

from typing import Any

from repository.schema.export.making import ACTIVITY_TITLES, Activity, Making
from repository.schema.export.record import CitationRecord, Instrument
from repository.schema.questions.fields import Term, load_catalogue


def list_activities(record: CitationRecord) -> list[dict[str, Any]]:
    """Return an activity for the instruments together, and one for each way of simulating or computing."""
    activities = []
    if record.instruments:
        used = [_describe_instrument(instrument) for instrument in record.instruments]
        activities.append(_build_activity("acquisition", used))
    activities += [
        _build_activity(making.activity, _describe_program(making), making.method)
        for making in dict.fromkeys(record.makings)
        if making.activity != "acquisition"
    ]
    return activities


def _build_activity(
    kind: Activity, used: list[dict[str, str]], description: str | None = None
) -> dict[str, Any]:
    activity = {
        "@type": "prov:Activity",
        "name": ACTIVITY_TITLES[kind],
        "prov:used": used,
        "description": description,
    }
    return {key: value for key, value in activity.items() if value}


def _describe_program(making: Making) -> list[dict[str, str]]:
    if making.program is None:
        return []
    version = {"softwareVersion": making.version} if making.version else {}
    return [{"@type": "SoftwareApplication", "name": making.program, **version}]


def _describe_instrument(instrument: Instrument) -> dict[str, str]:
    entry = {
        "@id": f"https://doi.org/{instrument.doi}" if instrument.doi else None,
        "name": instrument.name,
        "manufacturer": instrument.manufacturer,
        "model": instrument.model,
    }
    return {"@type": "Product"} | {key: value for key, value in entry.items() if value}


def find_technique_term(technique: str) -> Term:
    """Return the catalogue's term for a technique; one that is not listed is its own title."""
    for term in load_catalogue().vocabularies["technique"]:
        if term.value == technique:
            return term
    return Term(value=technique, title=technique.replace("_", " "))
