"""schema.org metadata as JSON-LD, for search engines and harvesters.

The context is written out: a context that must be fetched is one that many readers never get.
"""

import json
from typing import Any

from repository.exports.declaration import DatasetExport
from repository.schema.export.activities import find_technique_term, list_activities
from repository.schema.export.citation import build_citation
from repository.schema.export.making import list_making_terms
from repository.schema.export.record import (
    CitationRecord,
    Creator,
    Funding,
    MeasurementRecord,
    RelatedIdentifier,
    Variable,
)
from repository.schema.export.vocabulary import ACCESS_TERMS
from repository.schema.questions.fields import load_catalogue

CONTEXT = {
    "@vocab": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
}

EMBEDDED_DISTRIBUTIONS = 100
"""Files listed in the page itself: with tens of thousands the page would weigh megabytes."""

# UCUM -> UN/CEFACT common code, which is what schema.org's unitCode means
_UNIT_CODES = {
    "m": "MTR",
    "mm": "MMT",
    "um": "4H",
    "nm": "C45",
    "pm": "C52",
    "Ao": "A11",
    "rad": "C81",
    "mrad": "C25",
    "deg": "DD",
    "s": "SEC",
    "ms": "C26",
    "us": "B98",
    "ns": "C47",
    "V": "VLT",
    "kV": "KVT",
    "eV": "A53",
    "keV": "B29",
    "A": "AMP",
    "nA": "C39",
    "pA": "C70",
    "K": "KEL",
    "1": "C62",
}

# Inside <script> only these can end the element or start markup; JSON may write any character as \u....
_SCRIPT_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def build_schema_org_jsonld(record: CitationRecord) -> dict[str, Any]:
    """Return the dataset as a schema.org ``Dataset``, every list of files cut at 100."""
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": record.address,
        "@type": "Dataset",
        "name": record.title,
        "description": record.abstract or record.title,
        "url": record.url,
        "identifier": _identifiers(record),
        "creator": [_creator(creator) for creator in record.creators],
        "publisher": {"@type": "Organization", "name": record.publisher},
        "datePublished": record.published.isoformat(),
        "copyrightYear": record.publication_year,
        "inLanguage": record.language,
        "license": record.license.url,
        "keywords": list(record.keywords),
        "isAccessibleForFree": record.access == "open",
        "conditionsOfAccess": ACCESS_TERMS[record.access].iri,
        "citation": build_citation(record),
        "measurementTechnique": _techniques(record.measurements),
        "measurementMethod": [
            {"@type": "DefinedTerm", "name": term.title, "termCode": term.value, "@id": term.iri}
            for term in list_making_terms(record.makings)
        ],
        "variableMeasured": _variables(record.measurements),
        "distribution": _distributions(record),
        "size": f"{record.size} bytes",
        "includedInDataCatalog": _catalog(record),
    }
    document |= _history(record) | _context_of_the_data(record)
    return {key: value for key, value in document.items() if value not in ([], "", None)}


def render_script_json(document: dict[str, Any]) -> str:
    """Return `document` as JSON that can stand inside ``<script type="application/ld+json">``.

    A title may hold ``</script>``: the characters that HTML would act upon are written as JSON escapes.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False).translate(_SCRIPT_ESCAPES)


def _history(record: CitationRecord) -> dict[str, Any]:
    """Versions, dates and what became of it; None where there is nothing to say."""
    versions = {
        term: {"@type": "Dataset", "@id": record.doi_resolver + doi}
        for term, doi in (
            ("dct:isVersionOf", record.concept_doi),
            ("dct:replaces", record.previous_version_doi),
            ("dct:isReplacedBy", record.next_version_doi),
        )
        if doi is not None
    }
    return {
        "version": None if record.version is None else str(record.version),
        "dateModified": record.modified and record.modified.isoformat(),
        "dct:available": record.embargo_until and record.available.isoformat(),
        "creativeWorkStatus": record.withdrawn and f"Withdrawn {record.withdrawn.isoformat()}",
        **versions,
    }


def _context_of_the_data(record: CitationRecord) -> dict[str, Any]:
    """When, with what, about what and by whose money; None or empty where there is nothing to say."""
    document: dict[str, Any] = {
        "dct:conformsTo": record.schema_iri and {"@id": record.schema_iri},
        "temporalCoverage": record.collected and "/".join(day.isoformat() for day in record.collected),
        "dateCreated": record.created and record.created[1].isoformat(),
        "about": [
            {"@type": "DefinedTerm", "name": subject.term, **({"@id": subject.uri} if subject.uri else {})}
            for subject in record.subjects
        ],
        "funding": [_funding(funding) for funding in record.funding],
    }
    activities = list_activities(record)
    document["prov:wasGeneratedBy"] = activities[0] if len(activities) == 1 else activities
    sources = [item for item in record.all_related() if item.relation == "IsDerivedFrom"]
    document["isBasedOn"] = [{"@id": _address(item)} for item in sources]
    return document


def _identifiers(record: CitationRecord) -> list[dict[str, str]]:
    identifiers = [{"@type": "PropertyValue", "propertyID": "stemma", "value": record.id, "url": record.url}]
    if record.doi is not None:
        doi = {
            "@type": "PropertyValue",
            "propertyID": "https://registry.identifiers.org/registry/doi",
            "value": f"doi:{record.doi}",
            "url": record.address,
        }
        identifiers.insert(0, doi)
    return identifiers


def _creator(creator: Creator) -> dict[str, Any]:
    person = creator.kind == "person"
    entry: dict[str, Any] = {"@type": "Person" if person else "Organization", "name": creator.name}
    if creator.orcid:
        entry["@id"] = creator.orcid
        entry["identifier"] = creator.orcid
    if person:
        entry |= {"givenName": creator.given} if creator.given else {}
        entry |= {"familyName": creator.family} if creator.family else {}
    if creator.affiliation:
        ror = {"@id": creator.ror} if creator.ror else {}
        entry["affiliation"] = {"@type": "Organization", "name": creator.affiliation, **ror}
    elif creator.ror and not person:
        entry["@id"] = creator.ror
    return entry


def _funding(funding: Funding) -> dict[str, Any]:
    funder = {
        "@type": "Organization",
        "name": funding.funder,
        **({"@id": identifier} if (identifier := funding.ror or funding.crossref_id) else {}),
    }
    grant: dict[str, Any] = {"@type": "Grant", "funder": funder}
    named = {"identifier": funding.award_number, "name": funding.award_title, "url": funding.award_uri}
    return grant | {key: value for key, value in named.items() if value}


def _catalog(record: CitationRecord) -> dict[str, str]:
    catalog = {"@type": "DataCatalog", "name": record.catalog_name}
    return catalog | ({"url": record.catalog_url} if record.catalog_url else {})


def _distributions(record: CitationRecord) -> list[dict[str, str]]:
    return [
        {
            "@type": "DataDownload",
            "name": file.path,
            "contentUrl": file.url,
            "contentSize": str(file.size),
            "encodingFormat": file.media_type,
            "sha256": file.sha256,
        }
        for file in record.files[:EMBEDDED_DISTRIBUTIONS]
    ]


def _techniques(measurements: tuple[MeasurementRecord, ...]) -> list[dict[str, str]]:
    names = dict.fromkeys(technique for measurement in measurements for technique in measurement.techniques)
    entries = []
    for name in names:
        term = find_technique_term(name)
        # The published term is a type of the technique, not its identity: it may be a broader one.
        kind = {"additionalType": term.iri} if term.iri else {}
        entries.append({"@type": "DefinedTerm", "name": term.title, "termCode": name, **kind})
    return entries


def _variables(measurements: tuple[MeasurementRecord, ...]) -> list[dict[str, Any]]:
    """Return each distinct quantity once: forty measurements at one voltage say it once."""
    entries: dict[Variable, dict[str, Any]] = {}
    for measurement in measurements:
        for variable in measurement.variables:
            entries.setdefault(variable, _variable(variable))
    return list(entries.values())[:EMBEDDED_DISTRIBUTIONS]


def _variable(variable: Variable) -> dict[str, Any]:
    """How the value was found is its method; who stated it is not, and stands in the description."""
    value = list(variable.value) if isinstance(variable.value, tuple) else variable.value
    entry = {
        "@type": "PropertyValue",
        "name": variable.name,
        "propertyID": variable.iri,
        "value": value,
        "minValue": variable.minimum,
        "maxValue": variable.maximum,
        "unitText": variable.unit,
        "unitCode": _UNIT_CODES.get(variable.unit or ""),
        "measurementMethod": _title("basis", variable.basis),
        "description": _title("source", variable.source),
    }
    return {key: value for key, value in entry.items() if value is not None}


def _title(vocabulary: str, word: str | None) -> str | None:
    """Return what a word of the catalogue means; a word that it does not know says nothing."""
    terms = load_catalogue().vocabularies[vocabulary]
    return next((term.title for term in terms if term.value == word), None)


def _address(item: RelatedIdentifier) -> str:
    return f"https://doi.org/{item.identifier}" if item.identifier_type == "DOI" else item.identifier


EXPORT = DatasetExport(
    module=__name__,
    ending="jsonld",
    label="schema.org",
    media_type="application/ld+json",
    aliases=("application/vnd.schemaorg.ld+json",),
    description="Title, creators, licence, quantities with unit, and how the data came to be, for search engines.",
    specification="https://schema.org/Dataset",
    rank=10,
    write=build_schema_org_jsonld,
)
