"""A deposit as the API, the command line and the pages show it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects

from repository.models import DataFile, Deposit, Finding, Measurement
from repository.models.job import is_answerable
from repository.models.revision import Wording
from repository.schema import Requirement, list_requirements
from repository.schema.checks.carried_calibrations import CarriedCalibration, list_carried
from repository.schema.checks.cells import list_needed
from repository.schema.documents.calibrated_axes import describe_axes
from repository.schema.documents.provenance import SOFTWARE, Input, Software
from repository.schema.findings import Place, group_findings
from repository.schema.plain_text import hide_internals
from repository.schema.versions.steps import move_document
from repository.selectors import addresses
from repository.selectors.arrived import ArrivedView, FilesAtHand, describe_arrived, read_files
from repository.selectors.fates import PUBLISH
from repository.selectors.left_out import LeftOutView, list_left_out
from repository.selectors.products import ProductView, describe_products, list_inputs, read_software
from repository.selectors.progress import ProgressView, describe_progress
from repository.selectors.reading import ReadingView, list_readings
from repository.selectors.visibility import Visitor, sees_findings


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it is shown: in words for people, whatever a library said when it was written down."""

    severity: str
    code: str
    pointer: str
    message: str
    hint: str
    layer: str
    stage: str
    where: tuple[Place, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", hide_internals(self.message))
        object.__setattr__(self, "hint", hide_internals(self.hint))
        object.__setattr__(self, "why", hide_internals(self.why))


@dataclass(frozen=True, slots=True)
class FileView:
    """A file with its state and what was found about it."""

    path: str
    size: int
    sha256: str
    state: str
    format: str
    label: str
    is_read: bool
    url: str
    upload: str | None
    offset: int | None
    damaged_at: dt.datetime | None
    fate: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class SignalView:
    """An array with its axes, what converted it from the measurement's files, and the address of its Zarr root.

    Attributes
    ----------
    axes
        As the record has them, each with what the file itself says where that differs.
    calibrations
        Those that it carries, by value.
    title
        What the file calls it; empty where it gives no name.
    """

    name: str
    title: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Mapping[str, Any], ...]
    calibrations: tuple[CarriedCalibration, ...]
    n_signal_axes: int
    intensity_unit: str
    shape_origin: str
    orientation: str
    statistics: Mapping[str, Any]
    is_converted: bool
    software: Software | None
    zarr: str


@dataclass(frozen=True, slots=True)
class MeasurementView:
    """One acquisition as it is shown.

    Attributes
    ----------
    requirements, needed
        What is asked of it, with the fields that answer; the fields that wait for an answer, as its table shows them.
    metadata, present
        The document as it is kept, under `schema_version`, and in the words of the version in force.
    fate
        What becomes of it with the next version: `publish`, `private` or `discard`.
    """

    id: str
    format: str
    reader: str
    state: str
    techniques: tuple[str, ...]
    path: str
    files: tuple[str, ...]
    schema_version: str
    inputs: tuple[Input, ...]
    metadata: Mapping[str, Any]
    present: Mapping[str, Any]
    signals: tuple[SignalView, ...]
    products: tuple[ProductView, ...]
    findings: tuple[FindingView, ...]
    requirements: tuple[Requirement, ...]
    needed: tuple[str, ...]
    from_file: tuple[str, ...]
    replaces: str | None
    reading: ReadingView | None
    fate: str
    url: str


@dataclass(frozen=True, slots=True)
class DepositView:
    """Everything that is shown of a deposit.

    Attributes
    ----------
    findings
        What was found about the whole; files and measurements have their own.
    version, number
        The version that is published, and the one that this is or will be.
    arrived
        What its files are, adding up.
    """

    id: str
    state: str
    state_label: str
    revision: int
    title: str
    doi: str | None
    doi_state: str | None
    url: str
    owner: str
    members: tuple[str, ...]
    created_at: dt.datetime
    updated_at: dt.datetime
    document: Mapping[str, Any]
    schema_version: str
    schema_changes: Sequence[Mapping[str, str]]
    dataset: Mapping[str, Any]
    accepted_warnings: Sequence[Mapping[str, Any]]
    findings: tuple[FindingView, ...]
    files: tuple[FileView, ...]
    measurements: tuple[MeasurementView, ...]
    progress: ProgressView
    read_until: str
    left_out: tuple[LeftOutView, ...]
    is_answerable: bool
    version: int | None
    number: int
    arrived: ArrivedView

    @property
    def all_findings(self) -> tuple[FindingView, ...]:
        """Return the findings of the deposit and of what is to be published of it together."""
        return (*self.findings, *(finding for _, _, finding in self._list_placed()))

    def _list_placed(self) -> Iterable[tuple[str, str | None, FindingView]]:
        """Yield what was found in files and measurements that are to be published: nothing else is in the way."""
        for file in self.files:
            if file.fate == PUBLISH:
                yield from ((file.path, None, finding) for finding in file.findings)
        for one in self.measurements:
            if one.fate == PUBLISH:
                yield from ((one.path, one.id, finding) for finding in one.findings)

    @property
    def grouped_findings(self) -> list[FindingView]:
        """Return each cause once, with the files and measurements it was found in."""
        return group_findings([*(("", None, finding) for finding in self.findings), *self._list_placed()])


def describe_deposit(visitor: Visitor, deposit: Deposit) -> DepositView:
    """Return everything that is shown of a deposit to a visitor who may look into it, in a fixed number of queries."""
    tells = sees_findings(visitor, deposit)
    findings = _group_findings(deposit.findings.all() if tells else ())
    readings = list_readings(deposit)
    at_hand = read_files(deposit)
    fates = at_hand.fates
    newest = deposit.identifiers.filter(version_number__isnull=False).order_by("-version_number").first()
    is_published = deposit.state == Deposit.State.PUBLISHED
    return DepositView(
        id=deposit.pk,
        state=deposit.state,
        state_label=deposit.get_state_display(),
        revision=deposit.revision,
        title=deposit.title,
        doi=newest.doi if newest else None,
        doi_state=newest.state if newest else None,
        url=addresses.dataset_page(deposit.pk) if is_published else addresses.deposit_page(deposit.pk),
        owner=deposit.owner.username,
        members=tuple(deposit.memberships.order_by("name").values_list("name", flat=True)),
        created_at=deposit.created_at,
        updated_at=deposit.updated_at,
        document=deposit.document,
        schema_version=deposit.schema_version,
        schema_changes=deposit.schema_changes,
        dataset=deposit.dataset_document,
        accepted_warnings=deposit.accepted_warnings,
        findings=tuple(findings["deposit", None]),
        files=tuple(_describe_files(at_hand, findings)),
        measurements=tuple(
            describe_measurement(
                measurement,
                findings["measurement", measurement.pk],
                reading=readings.get(measurement.pk),
                fate=fates.of_measurement(measurement.primary_file.path),
            )
            for measurement in with_details(deposit.current_measurements)
        ),
        progress=describe_progress(deposit),
        read_until=deposit.read_until,
        left_out=tuple(list_left_out(deposit)),
        is_answerable=is_answerable(deposit),
        version=newest.version_number if newest is not None and is_published else None,
        arrived=describe_arrived(deposit, at_hand),
        number=(newest.version_number if newest is not None else None) or 1,
    )


FindingKey = tuple[str, int | str | None]


def _group_findings(rows: Iterable[Finding]) -> defaultdict[FindingKey, list[FindingView]]:
    grouped: defaultdict[FindingKey, list[FindingView]] = defaultdict(list)
    for row in rows:
        key: FindingKey = ("deposit", None)
        if row.data_file_id is not None:
            key = ("file", row.data_file_id)
        elif row.measurement_id is not None:
            key = ("measurement", row.measurement_id)
        grouped[key].append(view_finding(row))
    return grouped


def view_finding(row: Finding) -> FindingView:
    """Return a finding as it is shown."""
    return FindingView(
        severity=row.severity,
        code=row.code,
        pointer=row.pointer,
        message=row.message,
        hint=row.hint,
        why=row.why,
        layer=row.layer,
        stage=row.stage,
    )


def _describe_files(
    at_hand: FilesAtHand, findings: Mapping[FindingKey, list[FindingView]]
) -> Iterable[FileView]:
    for file in at_hand.files:
        upload = file.upload if file.state == DataFile.State.UPLOADING else None
        yield FileView(
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            # What is stored and not good is kept apart like what never arrived whole: it can be sent again.
            state=DataFile.State.QUARANTINED if file.sha256 in at_hand.damaged else file.state,
            format=file.format,
            label=file.format_label,
            is_read=file.is_read,
            url=addresses.deposit_file(file.deposit_id, file.path),
            upload=addresses.upload_address(str(upload.pk)) if upload else None,
            offset=upload.offset if upload else None,
            damaged_at=at_hand.damaged.get(file.sha256),
            fate=at_hand.fates.of_file(file),
            findings=tuple(findings.get(("file", file.pk), ())),
        )


_DETAILS = ("signals", "products__signal", "parts__data_file")


def with_details(measurements: QuerySet[Measurement]) -> QuerySet[Measurement]:
    """Return the query with everything that `describe_measurement` reads."""
    return measurements.select_related("primary_file").defer("header").prefetch_related(*_DETAILS)


def load_details(measurement: Measurement) -> None:
    """Read everything that `describe_measurement` reads of one that was found already."""
    prefetch_related_objects([measurement], *_DETAILS)


def describe_measurement(
    measurement: Measurement,
    findings: Sequence[FindingView],
    *,
    wording: Wording | None = None,
    reading: ReadingView | None = None,
    fate: str = PUBLISH,
) -> MeasurementView:
    """Return a measurement as it is shown; the rows come from `with_details` or `load_details`.

    Parameters
    ----------
    wording
        What a version says of it, which may have been corrected; without it, what its row says. Arrays are what they
        were made as, whatever is said.
    """
    said = wording or Wording(measurement.document, measurement.schema_version)
    present = said.present
    return MeasurementView(
        id=measurement.pk,
        format=measurement.format,
        reader=measurement.reader,
        state=measurement.state,
        techniques=tuple(measurement.techniques),
        path=measurement.primary_file.path,
        files=tuple(part.data_file.path for part in measurement.parts.all()),
        schema_version=said.schema_version,
        inputs=list_inputs(measurement),
        metadata=said.metadata,
        present=present,
        signals=tuple(_describe_signals(measurement)),
        products=tuple(describe_products(measurement)),
        findings=tuple(findings),
        requirements=tuple(_list_requirements(measurement, present)),
        needed=list_needed(measurement.cells),
        from_file=tuple(_list_from_file(measurement, present)),
        replaces=measurement.replaces_id,
        reading=reading,
        fate=fate,
        url=addresses.measurement_address(measurement.pk),
    )


def _list_from_file(measurement: Measurement, present: Mapping[str, Any]) -> Iterable[str]:
    """Yield the fields that say what the file said; quantities carry their source themselves."""
    extracted = move_document(measurement.extracted, since=measurement.schema_version).document
    for name, entry in extracted.items():
        if present.get(name) == entry:
            yield name


def _list_requirements(measurement: Measurement, present: Mapping[str, Any]) -> list[Requirement]:
    """Return what is asked of the measurement; nothing before its header was read."""
    if measurement.state in {Measurement.State.FOUND, Measurement.State.FAILED}:
        return []
    return list_requirements(present, signals=measurement.shapes, looked_for=measurement.looked_for)


def _describe_signals(measurement: Measurement) -> Iterable[SignalView]:
    now = measurement.calibrated_shapes
    carried = list_carried(now, measurement.present_document)
    shapes = zip(measurement.shapes, now, strict=True)
    for signal, (read, calibrated) in zip(measurement.signals.all(), shapes, strict=True):
        yield SignalView(
            name=signal.name,
            title=signal.title,
            shape=tuple(signal.shape),
            dtype=signal.dtype,
            axes=tuple(describe_axes(read, calibrated)),
            calibrations=carried[signal.name],
            n_signal_axes=signal.n_signal_axes,
            intensity_unit=signal.intensity_unit,
            shape_origin=signal.shape_origin,
            orientation=signal.orientation,
            statistics={name: said for name, said in signal.statistics.items() if name != SOFTWARE},
            is_converted=signal.converted_at is not None,
            software=read_software(signal.statistics) if SOFTWARE in signal.statistics else None,
            zarr=addresses.zarr_root(measurement.pk, signal.name),
        )
