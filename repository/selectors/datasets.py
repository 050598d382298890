"""A published dataset as the API and the landing page show it."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.errors import NotFoundError
from repository.models import DatasetVersion
from repository.models.revision import Description, Wording, read_description
from repository.schema.export.citation import build_citation
from repository.schema.versions.in_force import list_versions
from repository.schema.versions.steps import DocumentChange, UnknownVersionError, move_document
from repository.selectors import addresses
from repository.selectors.access import MeasurementAccess, current_access, is_embargoed
from repository.selectors.citation import build_citation_record
from repository.selectors.damage import find_damaged
from repository.selectors.deposits import (
    FindingView,
    MeasurementView,
    describe_measurement,
    load_details,
    view_finding,
    with_details,
)
from repository.selectors.fates import PUBLISH, find_fate
from repository.selectors.visibility import (
    Visitor,
    visible_identifiers,
    visible_measurements,
    visible_versions,
)


@dataclass(frozen=True, slots=True)
class PublishedFileView:
    """A file as the version published it."""

    path: str
    size: int
    sha256: str
    media_type: str
    label: str
    url: str
    damaged_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in the list of versions."""

    number: int
    doi: str
    state: str
    published_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DatasetView:
    """Everything that is shown of a published version."""

    id: str
    version: int
    state: str
    doi: str
    doi_url: str
    concept_doi: str
    url: str
    title: str
    schema_version: str
    schema_url: str
    dataset: Mapping[str, Any]
    license: str
    access: str
    is_embargoed: bool
    embargo_until: dt.date | None
    published_at: dt.datetime
    withdrawn_at: dt.datetime | None
    withdrawal_reason: str
    replacement_doi: str
    replacement_url: str
    citation: str
    size: int
    files: tuple[PublishedFileView, ...]
    measurements: tuple[MeasurementView, ...]
    findings: tuple[FindingView, ...]
    accepted_warnings: Sequence[Mapping[str, Any]]
    versions: tuple[VersionLine, ...]
    revision: int
    newest_revision: int
    revised_at: dt.datetime | None


def describe_dataset(visitor: Visitor, description: Description) -> DatasetView:
    """Return everything that the visitor is shown of a version, in a fixed number of queries."""
    version, revision = description.version, description.revision
    dataset_id = version.dataset_id
    record = build_citation_record(visitor, description)
    entries, wordings = description.measurements, description.wordings
    links = [link["id"] for link in entries]
    measurements = with_details(visible_measurements(visitor).filter(pk__in=links))
    by_id = {measurement.pk: measurement for measurement in measurements}
    files = tuple(_describe_files(version))
    return DatasetView(
        id=dataset_id,
        version=version.number,
        state=version.state,
        doi=version.doi,
        doi_url=addresses.doi_address(version.doi),
        concept_doi=version.dataset.deposit.concept_doi,
        url=addresses.dataset_page(dataset_id),
        title=description.title,
        schema_version=description.schema_version,
        schema_url=addresses.schema_address(description.schema_version, "dataset.json"),
        dataset=description.document,
        license=description.license,
        access=current_access(version),
        is_embargoed=is_embargoed(version),
        embargo_until=version.embargo_until,
        published_at=version.published_at,
        withdrawn_at=version.withdrawn_at,
        withdrawal_reason=version.withdrawal_reason,
        replacement_doi=version.replacement_doi,
        replacement_url=locate_replacement(visitor, version.replacement_doi),
        citation=build_citation(record),
        size=sum(file.size for file in files),
        files=files,
        measurements=tuple(
            describe_measurement(
                by_id[entry["id"]], read_findings(entry["findings"]), wording=wordings[entry["id"]]
            )
            for entry in entries
        ),
        findings=read_findings(version.content.get("findings", [])),
        accepted_warnings=version.accepted_warnings,
        versions=tuple(_list_versions(visitor, dataset_id)),
        revision=description.number,
        newest_revision=description.newest,
        revised_at=revision.made_at if revision is not None else None,
    )


def _list_versions(visitor: Visitor, dataset_id: str) -> Iterable[VersionLine]:
    for line in visible_versions(visitor).filter(dataset_id=dataset_id).order_by("-number"):
        yield VersionLine(number=line.number, doi=line.doi, state=line.state, published_at=line.published_at)


def _describe_files(version: DatasetVersion) -> Iterable[PublishedFileView]:
    files = list(version.files.all())
    damaged = find_damaged(file.sha256 for file in files)
    for file in files:
        yield PublishedFileView(
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            media_type=file.media_type,
            label=file.format_label,
            url=addresses.dataset_file(version.dataset_id, file.path),
            damaged_at=damaged.get(file.sha256),
        )


def locate_replacement(visitor: Visitor, doi: str) -> str:
    """Return where the replacement of a withdrawn version is: here, at the world's resolver, or nowhere."""
    if not doi:
        return ""
    is_ours = visible_identifiers(visitor).filter(doi=doi).exists()
    return addresses.doi_address(doi) if is_ours else f"https://doi.org/{doi}"


def read_findings(entries: Sequence[Mapping[str, str]]) -> tuple[FindingView, ...]:
    """Return findings from a version's content."""
    return tuple(
        FindingView(
            severity=entry["severity"],
            code=entry["code"],
            pointer=entry["pointer"],
            message=entry["message"],
            hint=entry["hint"],
            layer=entry.get("layer", ""),
            stage=entry.get("stage", ""),
        )
        for entry in entries
    )


@dataclass(frozen=True, slots=True)
class MetadataView:
    """A metadata document in the words of one version of the schema."""

    schema_version: str
    schema_url: str
    written_under: str
    revision: int
    changes: tuple[DocumentChange, ...]
    metadata: Mapping[str, Any]


def describe_metadata(
    access: MeasurementAccess, *, version: str | None = None, revision: int | None = None
) -> MetadataView:
    """Return what a measurement says as it is kept, or in the words of a newer version of the schema.

    Parameters
    ----------
    version
        Of the schema.
    revision
        Of the newest version of the dataset that holds the measurement; its newest without it.

    Raises
    ------
    NotFoundError
        There is no such revision; or no such version, or it is older than the document: nothing is taken back.
    """
    said = read_said(access, revision)
    kept_under = said.wording.schema_version
    try:
        moved = move_document(said.wording.metadata, since=kept_under, until=version or kept_under)
    except UnknownVersionError as error:
        raise NotFoundError(
            str(error), hint=f"It is kept under {kept_under}; versions are {', '.join(list_versions())}."
        ) from error
    return MetadataView(
        schema_version=moved.version,
        schema_url=addresses.schema_address(moved.version),
        written_under=kept_under,
        revision=said.revision,
        changes=moved.changes,
        metadata=moved.document,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a measurement in a revision of the newest version that holds it; `findings` as it kept them."""

    wording: Wording
    revision: int
    findings: Sequence[Mapping[str, str]] | None


def read_said(access: MeasurementAccess, revision: int | None = None) -> Said:
    """Return what is said of a measurement: by its draft, or by the newest or the named revision of its version.

    Raises
    ------
    NotFoundError
        There is no such revision; a draft has none.
    """
    measurement = access.measurement
    if access.version is None:
        if revision is not None:
            raise NotFoundError(
                f"The measurement {measurement.pk} is not published, and has no revisions.",
                hint="A draft is corrected itself.",
            )
        return Said(Wording(measurement.document, measurement.schema_version), 0, None)
    description = read_description(access.version, revision)
    entry = description.get_entry(measurement.pk)
    is_corrected = description.revision is not None and measurement.pk in description.revision.measurements
    findings = entry["findings"] if is_corrected else None
    return Said(description.wordings[measurement.pk], description.number, findings)


def describe_single_measurement(access: MeasurementAccess, *, revision: int | None = None) -> MeasurementView:
    """Return the measurement to which a visitor was let in, with everything that is shown of it.

    Raises
    ------
    NotFoundError
        As `read_said`.
    """
    said = read_said(access, revision)
    load_details(access.measurement)
    findings: Sequence[FindingView] = ()
    if said.findings is not None:
        findings = read_findings(said.findings)
    elif access.tells_findings:
        findings = [view_finding(row) for row in access.measurement.findings.all()]
    # What is published stays so, whatever the draft of a next version says of it.
    fate = PUBLISH
    if access.version is None:
        fate = find_fate(access.measurement.deposit, access.measurement.primary_file.path)
    return describe_measurement(access.measurement, findings, wording=said.wording, fate=fate)
