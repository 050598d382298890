"""DataCite metadata as JSON: the attributes of its REST service, schema 4.7."""

from typing import Any

from repository.exports.declaration import DatasetExport
from repository.schema.export.making import list_making_terms
from repository.schema.export.record import CitationRecord, Creator, Funding
from repository.schema.export.vocabulary import ACCESS_TERMS

SCHEMA_VERSION = "http://datacite.org/schema/kernel-4"


class MissingDoiError(ValueError):
    """DataCite metadata describe a DOI; this record has none yet."""


def build_datacite_json(record: CitationRecord) -> dict[str, Any]:
    """Return the record as DataCite's JSON; raise :class:`MissingDoiError` where no DOI is reserved."""
    if record.doi is None:
        raise MissingDoiError(
            f"dataset {record.id} has no DOI yet: reserve one before asking for DataCite metadata"
        )
    document: dict[str, Any] = {
        "id": record.doi,
        "doi": record.doi,
        "identifiers": [{"identifier": record.doi, "identifierType": "DOI"}],
        "url": record.url,
        "creators": [_creator(creator) for creator in record.creators],
        "titles": [{"title": record.title, "lang": record.language}],
        "publisher": {"name": record.publisher},
        "publicationYear": record.publication_year,
        "types": {
            "resourceTypeGeneral": "Dataset",
            "resourceType": record.resource_type,
            "schemaOrg": "Dataset",
        },
        "subjects": _subjects(record),
        "dates": _dates(record),
        "language": record.language,
        "alternateIdentifiers": [{"alternateIdentifier": record.id, "alternateIdentifierType": "Stemma"}],
        "relatedIdentifiers": _related(record),
        "sizes": [f"{record.size} bytes", f"{len(record.files)} files"] if record.files else [],
        "formats": sorted({file.media_type for file in record.files}),
        "rightsList": _rights(record),
        "descriptions": _descriptions(record),
        "fundingReferences": [_funding(funding) for funding in record.funding],
        "schemaVersion": SCHEMA_VERSION,
    }
    if record.version is not None:
        document["version"] = str(record.version)
    return document


def _creator(creator: Creator) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": creator.sort_name,
        "nameType": "Personal" if creator.kind == "person" else "Organizational",
        "nameIdentifiers": [],
        "affiliation": [],
    }
    if creator.given:
        entry["givenName"] = creator.given
    if creator.family:
        entry["familyName"] = creator.family
    if creator.orcid:
        entry["nameIdentifiers"].append(
            {
                "nameIdentifier": creator.orcid,
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        )
    ror = {"affiliationIdentifierScheme": "ROR", "schemeUri": "https://ror.org"}
    if creator.affiliation:
        identifier = {"affiliationIdentifier": creator.ror, **ror} if creator.ror else {}
        entry["affiliation"].append({"name": creator.affiliation, **identifier})
    elif creator.ror and creator.kind == "organization":
        entry["nameIdentifiers"].append(
            {"nameIdentifier": creator.ror, "nameIdentifierScheme": "ROR", "schemeUri": "https://ror.org"}
        )
    return entry


def _subjects(record: CitationRecord) -> list[dict[str, str]]:
    subjects = [{"subject": word} for word in record.keywords]
    for subject in record.subjects:
        named = {"subject": subject.term, "valueUri": subject.uri, "subjectScheme": subject.scheme}
        subjects.append({key: value for key, value in named.items() if value})
    subjects += [
        {"subject": term.title, "valueUri": term.iri, "subjectScheme": f"Stemma {term.scheme}"}
        for term in list_making_terms(record.makings)
    ]
    return subjects


def _dates(record: CitationRecord) -> list[dict[str, str]]:
    dates = [
        {"date": record.published.isoformat(), "dateType": "Issued"},
        {"date": record.available.isoformat(), "dateType": "Available"},
    ]
    if record.modified is not None:
        dates.append({"date": record.modified.isoformat(), "dateType": "Updated"})
    if record.withdrawn is not None:
        dates.append({"date": record.withdrawn.isoformat(), "dateType": "Withdrawn"})
    for days, kind in ((record.collected, "Collected"), (record.created, "Created")):
        if days is not None:
            first, last = (day.isoformat() for day in days)
            dates.append({"date": first if first == last else f"{first}/{last}", "dateType": kind})
    return dates


def _related(record: CitationRecord) -> list[dict[str, str]]:
    entries = []
    for related in record.all_related():
        entry = {
            "relatedIdentifier": related.identifier,
            "relatedIdentifierType": related.identifier_type,
            "relationType": related.relation,
            "relationTypeInformation": related.relation_note,
            "resourceTypeGeneral": related.resource_type,
        }
        entries.append({key: value for key, value in entry.items() if value})
    return entries


def _rights(record: CitationRecord) -> list[dict[str, str]]:
    access = ACCESS_TERMS[record.access]
    return [
        {
            "rights": record.license.name,
            "rightsUri": record.license.url,
            "rightsIdentifier": record.license.id,
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": "https://spdx.org/licenses/",
        },
        {"rights": access.label, "rightsUri": access.iri},
    ]


def _descriptions(record: CitationRecord) -> list[dict[str, str]]:
    if not record.abstract:
        return []
    return [{"description": record.abstract, "descriptionType": "Abstract", "lang": record.language}]


def _funding(funding: Funding) -> dict[str, str]:
    entry = {"funderName": funding.funder}
    if funding.ror:
        entry |= {
            "funderIdentifier": funding.ror,
            "funderIdentifierType": "ROR",
            "schemeUri": "https://ror.org",
        }
    elif funding.crossref_id:
        entry |= {
            "funderIdentifier": funding.crossref_id,
            "funderIdentifierType": "Crossref Funder ID",
            "schemeUri": "https://www.crossref.org/services/funder-registry/",
        }
    if funding.award_number:
        entry["awardNumber"] = funding.award_number
    if funding.award_uri:
        entry["awardUri"] = funding.award_uri
    if funding.award_title:
        entry["awardTitle"] = funding.award_title
    return entry


EXPORT = DatasetExport(
    module=__name__,
    ending="datacite.json",
    label="DataCite JSON",
    media_type="application/vnd.datacite.datacite+json",
    description="The same as DataCite XML, in the form of DataCite's REST service.",
    specification="https://support.datacite.org/reference/get_dois-id",
    rank=30,
    write=build_datacite_json,
)
