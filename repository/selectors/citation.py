"""The one record that every export is built from."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from repository.errors import NotFoundError
from repository.models import DatasetVersion
from repository.models.dataset import version_doi
from repository.schema.export.licenses import get_license
from repository.schema.export.record import (
    CitationRecord,
    Creator,
    FileRecord,
    Funding,
    Instrument,
    MeasurementRecord,
    RelatedIdentifier,
    Variable,
)
from repository.selectors import addresses
from repository.selectors.access import choose_version, current_access


def build_citation_record(version: DatasetVersion) -> CitationRecord:
    """Return what is known of a published version, as the exports need it."""
    dataset_id = version.dataset_id
    document = version.document
    numbers = list(version.dataset.versions.order_by("number").values_list("number", flat=True))
    content = version.content.get("measurements", [])
    return CitationRecord(
        id=dataset_id,
        title=version.title,
        creators=tuple(_build_creator(creator) for creator in document["creators"]),
        abstract=str(document.get("abstract") or ""),
        license=get_license(version.license),
        publisher=settings.SITE_NAME,
        published=version.published_at.date(),
        url=addresses.dataset_page(dataset_id),
        version=version.number,
        doi=version.doi,
        concept_doi=version.dataset.deposit.concept_doi,
        previous_version_doi=_neighbour(dataset_id, numbers, version.number - 1),
        next_version_doi=_neighbour(dataset_id, numbers, version.number + 1),
        doi_resolver=addresses.doi_resolver(),
        modified=version.published_at.date(),
        withdrawn=version.withdrawn_at.date() if version.withdrawn_at else None,
        keywords=tuple(str(word) for word in document.get("keywords") or ()),
        related=tuple(_build_related(document.get("related_identifiers") or ())),
        funding=tuple(_build_funding(document.get("funding") or ())),
        instruments=tuple(_list_instruments(content)),
        files=tuple(_list_files(version)),
        measurements=tuple(_build_measurement(measurement) for measurement in content),
        access=current_access(version),  # type: ignore[arg-type]  # the database guards the three words
        embargo_until=version.embargo_until,
        catalog_url=settings.PUBLIC_URL,
        schema_iri=addresses.schema_address(),
    )


def build_record_for_doi(*, deposit_id: str, number: int | None) -> CitationRecord:
    """Return the record that a DOI names: a version's, or for the concept DOI the newest one's as concept."""
    versions = DatasetVersion.objects.select_related("dataset__deposit").filter(dataset_id=deposit_id)
    version = versions.filter(number=number).first() if number is not None else choose_version(versions)
    if version is None:
        raise NotFoundError(f"There is no published dataset {deposit_id}.")
    record = build_citation_record(version)
    if number is not None:
        return record
    numbers = versions.values_list("number", flat=True)
    return record.as_concept([version_doi(deposit_id, each) for each in sorted(numbers)])


def _neighbour(dataset_id: str, numbers: list[int], number: int) -> str | None:
    return version_doi(dataset_id, number) if number in numbers else None


def _build_creator(creator: Mapping[str, Any]) -> Creator:
    said = {key: str(value) for key, value in creator.items() if value}
    return Creator(
        name=said["name"],
        given=said.get("given"),
        family=said.get("family"),
        orcid=said.get("orcid"),
        affiliation=said.get("affiliation"),
        ror=said.get("ror"),
    )


def _build_related(entries: Iterable[Mapping[str, Any]]) -> Iterable[RelatedIdentifier]:
    for entry in entries:
        yield RelatedIdentifier(
            identifier=str(entry["identifier"]),
            relation=str(entry.get("relation") or "IsSupplementTo"),
            identifier_type=str(entry.get("identifier_type") or "DOI"),
            resource_type=entry.get("resource_type"),
        )


def _build_funding(entries: Iterable[Mapping[str, Any]]) -> Iterable[Funding]:
    for entry in entries:
        yield Funding(
            funder=str(entry.get("funder") or entry.get("name") or ""),
            ror=entry.get("funder_id"),
            award_number=entry.get("award"),
        )


def _list_instruments(content: Iterable[Mapping[str, Any]]) -> Iterable[Instrument]:
    seen: set[str] = set()
    for measurement in content:
        instrument = measurement["metadata"].get("instrument") or {}
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
    metadata = measurement["metadata"]
    acquired = metadata.get("acquired_at")
    return MeasurementRecord(
        id=measurement["id"],
        techniques=tuple(measurement["techniques"]),
        title=read_text(metadata.get("title")),
        variables=tuple(list_variables(metadata)),
        acquired_at=read_text(acquired),
        url=addresses.measurement_address(measurement["id"]),
    )


def list_variables(metadata: Mapping[str, Any]) -> Iterable[Variable]:
    """Return the quantities of a metadata document that carry a single number."""
    for name, entry in metadata.items():
        if not isinstance(entry, Mapping) or "unit" not in entry:
            continue
        value = entry.get("value")
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Variable(name=name, value=float(value), unit=entry["unit"], source=entry.get("source"))
