"""The one record that every export is built from."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from repository.errors import NotFoundError
from repository.models import DatasetVersion
from repository.models.dataset import version_doi
from repository.models.revision import Description, read_description
from repository.schema.export.creator_names import is_same_name, read_creator_name
from repository.schema.export.licenses import get_license
from repository.schema.export.making import Making
from repository.schema.export.record import (
    CitationRecord,
    Creator,
    FileRecord,
    Funding,
    Instrument,
    MeasurementRecord,
    RelatedIdentifier,
    Variable,
    find_funder_id,
    find_ror,
)
from repository.schema.places import get_value
from repository.selectors import addresses
from repository.selectors.access import choose_version, current_access
from repository.selectors.visibility import NOBODY, Visitor, visible_versions


def build_citation_record(visitor: Visitor, description: Description) -> CitationRecord:
    """Return what a visitor may know of a published version and what it says, as the exports need it."""
    version, revision = description.version, description.revision
    dataset_id = version.dataset_id
    document = description.present
    others = visible_versions(visitor).filter(dataset_id=dataset_id).order_by("number")
    numbers = list(others.values_list("number", flat=True))
    wordings = description.wordings
    content = [{**entry, "present": wordings[entry["id"]].present} for entry in description.measurements]
    return CitationRecord(
        id=dataset_id,
        title=description.title,
        creators=tuple(_build_creator(creator) for creator in _list_entries(document, "creators")),
        abstract=read_text(document.get("abstract")) or "",
        license=get_license(description.license),
        publisher=settings.SITE_NAME,
        published=version.published_at.date(),
        url=addresses.dataset_page(dataset_id),
        version=version.number,
        doi=version.doi,
        concept_doi=version.dataset.deposit.concept_doi,
        previous_version_doi=_neighbour(dataset_id, numbers, version.number - 1),
        next_version_doi=_neighbour(dataset_id, numbers, version.number + 1),
        doi_resolver=addresses.doi_resolver(),
        modified=(revision.made_at if revision is not None else version.published_at).date(),
        withdrawn=version.withdrawn_at.date() if version.withdrawn_at else None,
        keywords=tuple(_list_words(document, "keywords")),
        related=tuple(_build_related(_list_entries(document, "related_identifiers"))),
        funding=tuple(_build_funding(_list_entries(document, "funding"))),
        instruments=tuple(_list_instruments(content)),
        files=tuple(_list_files(version)),
        measurements=tuple(_build_measurement(measurement) for measurement in content),
        access=current_access(version),  # type: ignore[arg-type]  # the database guards the three words
        embargo_until=version.embargo_until,
        catalog_url=settings.PUBLIC_URL,
        schema_iri=addresses.schema_address(description.schema_version),
    )


def build_record_for_doi(*, deposit_id: str, number: int | None) -> CitationRecord:
    """Return the record that a DOI tells the world: a version's, or for the concept DOI the newest one's as concept."""
    versions = visible_versions(NOBODY).select_related("dataset__deposit").filter(dataset_id=deposit_id)
    version = versions.filter(number=number).first() if number is not None else choose_version(versions)
    if version is None:
        raise NotFoundError(f"There is no published dataset {deposit_id}.")
    record = build_citation_record(NOBODY, read_description(version))
    if number is not None:
        return record
    numbers = versions.values_list("number", flat=True)
    return record.as_concept([version_doi(deposit_id, each) for each in sorted(numbers)])


def _neighbour(dataset_id: str, numbers: list[int], number: int) -> str | None:
    return version_doi(dataset_id, number) if number in numbers else None


def _build_creator(creator: Mapping[str, Any]) -> Creator:
    name = read_text(creator.get("name")) or "Name not given"
    orcid = read_text(creator.get("orcid"))
    affiliation = read_text(creator.get("affiliation"))
    ror = find_ror(read_text(creator.get("affiliation_ror")))
    read = read_creator_name(name, orcid=orcid, affiliation=affiliation, ror=ror)
    if affiliation is not None and is_same_name(affiliation, name):
        affiliation = None
    return Creator(
        name=name,
        given=read.given,
        family=read.family,
        orcid=orcid,
        affiliation=affiliation,
        ror=ror,
        kind=read.kind,
    )


def _list_entries(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list; a declared gap has none."""
    entries = document.get(key)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _list_words(document: Mapping[str, Any], path: str) -> list[str]:
    words = get_value(document, path)
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []


def _build_related(entries: Iterable[Mapping[str, Any]]) -> Iterable[RelatedIdentifier]:
    for entry in entries:
        identifier = read_text(entry.get("identifier"))
        if identifier is None:
            continue
        yield RelatedIdentifier(
            identifier=identifier,
            relation=read_text(entry.get("relation")) or "IsSupplementTo",
            identifier_type=read_text(entry.get("identifier_type")) or "DOI",
            resource_type=read_text(entry.get("resource_type")),
        )


def _build_funding(entries: Iterable[Mapping[str, Any]]) -> Iterable[Funding]:
    for entry in entries:
        funder = read_text(entry.get("funder"))
        if funder is None:
            continue
        yield Funding(
            funder=funder,
            ror=find_ror(read_text(entry.get("funder_id"))),
            crossref_id=find_funder_id(read_text(entry.get("funder_id"))),
            award_number=read_text(entry.get("award")),
            award_title=read_text(entry.get("award_title")),
        )


def _list_instruments(content: Iterable[Mapping[str, Any]]) -> Iterable[Instrument]:
    seen: set[str] = set()
    """Return the instruments on which data were acquired; the microscope that a simulation models is none."""
    for measurement in content:
        if _read_making(measurement["present"]).activity != "acquisition":
            continue
        instrument = measurement["present"].get("instrument") or {}
        name = read_text(instrument.get("name"))
        if name and name not in seen:
            seen.add(name)
            yield Instrument(
                name=name,
                manufacturer=read_text(instrument.get("manufacturer")),
                model=read_text(instrument.get("model")),
                doi=read_text(instrument.get("doi")),
            )


def read_text(entry: Any) -> str | None:
    """Return a text entry without its provenance; `None` for gaps."""
    if isinstance(entry, Mapping):
        entry = entry.get("value")
    return entry if isinstance(entry, str) and entry else None


def _list_files(version: DatasetVersion) -> Iterable[FileRecord]:
    for file in version.files.all():
        yield FileRecord(
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            url=addresses.dataset_file(version.dataset_id, file.path),
            media_type=file.media_type,
        )


def _build_measurement(measurement: Mapping[str, Any]) -> MeasurementRecord:
    metadata = measurement["present"]
    acquired = metadata.get("acquired_at")
    return MeasurementRecord(
        id=measurement["id"],
        techniques=tuple(measurement["techniques"]),
        title=read_text(metadata.get("title")),
        variables=tuple(list_variables(measurement["metadata"])),
        acquired_at=read_text(acquired),
        url=addresses.measurement_address(measurement["id"]),
        making=_read_making(metadata),
    )


def _read_making(metadata: Mapping[str, Any]) -> Making:
    origin = read_text(metadata.get("origin")) or "measured"
    is_simulated = origin == "simulated"
    return Making(
        origin=origin,
        level=read_text(metadata.get("level")),
        program=_read_at(metadata, "simulation.code") if is_simulated else None,
        version=_read_at(metadata, "simulation.version") if is_simulated else None,
        method=_read_at(metadata, "simulation.parameters" if is_simulated else "derivation.method"),
        inputs=tuple(_list_words(metadata, "derivation.inputs")),
    )


def _read_at(metadata: Mapping[str, Any], path: str) -> str | None:
    value = get_value(metadata, path)
    return value if isinstance(value, str) else None


def list_variables(metadata: Mapping[str, Any]) -> Iterable[Variable]:
    """Return the quantities of a metadata document that carry a single number."""
    for name, entry in metadata.items():
        if not isinstance(entry, Mapping) or "unit" not in entry:
            continue
        value = entry.get("value")
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Variable(
                name=name,
                value=float(value),
                unit=entry["unit"],
                source=entry.get("source"),
                basis=entry.get("basis"),
            )
