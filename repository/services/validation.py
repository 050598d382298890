"""Merging header and person, checking the result, and settling whether the deposit can be published."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from repository.models import Deposit, Finding, Job, Measurement
from repository.schema import (
    SignalShape,
    list_unmatched,
    merge_metadata,
    normalize_document,
    select_supplied,
    validate_dataset,
    validate_measurement,
    validate_supplied,
)
from repository.schema.findings import Finding as Found
from repository.schema.findings import group_findings
from repository.schema.version_steps import move_document
from repository.services.deposits import State, bump_revision, lock_deposit
from repository.services.findings import replace_findings
from repository.services.fixity import list_damage_findings

READING_JOBS = (
    "inspect_deposit",
    "open_measurement",
    "preview_measurement",
    "convert_measurement",
    "reduce_measurement",
)


def merge_measurement(
    measurement: Measurement, document: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Found]]:
    """Return the metadata document of a measurement and the conflicts between header and person."""
    companions = [part.data_file.path for part in measurement.parts.all()][1:]
    layers = select_supplied(document, measurement.primary_file.path, companions=companions)
    header = move_document(measurement.extracted, since=measurement.schema_version).document
    merged = merge_metadata(header=header, supplied_layers=layers)
    return merged.document, list(merged.conflicts)


def validate_deposit(*, deposit_id: str) -> Deposit:
    """Check everything that is known of the deposit and store the findings.

    While files are still being read, the findings are kept up to date but the state stays `processing`.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state in {State.PUBLISHED, State.PUBLISHING}:
            return deposit
        _validate_dataset(deposit)
        for measurement in _list_open_measurements(deposit):
            measurement.deposit = deposit
            _validate_measurement(measurement)
        _settle_state(deposit)
    return deposit


def validate_after_reading(*, deposit_id: str, measurement_id: str) -> Deposit:
    """Check the one measurement about which a job has just found something, and settle the deposit's state.

    What was found about the others and about the dataset stands: it rests on other files and on the document, and a
    change of those checks everything. So a job costs the same in a deposit of one measurement and of a hundred.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state in {State.PUBLISHED, State.PUBLISHING}:
            return deposit
        for measurement in _list_open_measurements(deposit).filter(pk=measurement_id):
            measurement.deposit = deposit
            _validate_measurement(measurement)
        _settle_state(deposit)
    return deposit


def _list_open_measurements(deposit: Deposit) -> QuerySet[Measurement]:
    """Return the measurements that may still change, with what is checked in them."""
    return (
        deposit.current_measurements.filter(frozen_at__isnull=True)
        .select_related("primary_file")
        .prefetch_related("signals", "parts__data_file")
    )


def _validate_dataset(deposit: Deposit) -> None:
    found = [*validate_supplied(deposit.document), *validate_dataset(deposit.dataset_document)]
    paths = list(deposit.current_files.values_list("path", flat=True))
    found += list_unmatched(deposit.document, paths) if paths else []
    if not paths:
        found.append(
            Found(
                severity="error",
                code="no_files",
                layer="file",
                message="The deposit holds no files.",
                hint="Upload the microscope's files, then hand the deposit in.",
            )
        )
    found += list_damage_findings(deposit)
    replace_findings(deposit=deposit, stage=Finding.Stage.VALIDATION, found=found)


def _validate_measurement(measurement: Measurement) -> None:
    """Merge and check one measurement; one whose header was not read has nothing to check yet."""
    if measurement.state in {Measurement.State.FOUND, Measurement.State.FAILED}:
        return
    document, conflicts = merge_measurement(measurement, measurement.deposit.document)
    signals = [
        SignalShape.from_dict({"name": signal.name, "axes": signal.axes})
        for signal in measurement.signals.all()
    ]
    found = validate_measurement(document, signals=signals, looked_for=measurement.looked_for)
    measurement.document = normalize_document(document)
    technique = measurement.document.get("technique")
    measurement.techniques = [str(name) for name in technique] if isinstance(technique, list) else []
    measurement.save(update_fields=["document", "techniques"])  # not the whole header again
    replace_findings(
        deposit=measurement.deposit,
        stage=Finding.Stage.VALIDATION,
        measurement=measurement,
        found=[*conflicts, *found],
    )


def _settle_state(deposit: Deposit) -> None:
    """Leave `processing` when nothing is being read any more."""
    if deposit.state == State.DRAFT:
        return
    is_reading = Job.objects.filter(deposit=deposit, kind__in=READING_JOBS, state__in=Job.ACTIVE).exists()
    settled = State.NEEDS_ATTENTION if _has_obstacles(deposit) else State.READY
    new = State.PROCESSING if is_reading else settled
    if new != deposit.state:
        deposit.state = new
        bump_revision(deposit)


def _has_obstacles(deposit: Deposit) -> bool:
    """Return whether errors or unacknowledged warnings stand in the way of publishing."""
    accepted = [entry["code"] for entry in deposit.accepted_warnings]
    findings = deposit.current_findings
    has_errors = findings.filter(severity="error").exists()
    return has_errors or findings.filter(severity="warning").exclude(code__in=accepted).exists()


def list_obstacles(deposit: Deposit) -> list[Found]:
    """Return the errors and unacknowledged warnings, each cause once with its places."""
    accepted = {entry["code"] for entry in deposit.accepted_warnings}
    rows = deposit.current_findings.filter(severity__in=["error", "warning"]).select_related(
        "data_file", "measurement__primary_file"
    )
    return group_findings(
        (_name_place(row), row.measurement_id, _read_row(row))
        for row in rows
        if row.severity == "error" or row.code not in accepted
    )


def _name_place(row: Finding) -> str:
    if row.data_file is not None:
        return row.data_file.path
    return row.measurement.primary_file.path if row.measurement is not None else ""


def _read_row(row: Finding) -> Found:
    return Found(
        severity=row.severity,  # type: ignore[arg-type]  # the database guards the three words
        code=row.code,
        pointer=row.pointer,
        message=row.message,
        hint=row.hint,
        layer=row.layer,  # type: ignore[arg-type]
    )
