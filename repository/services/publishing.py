"""Freezing a deposit into an immutable version. One transaction: a version is there whole, or not at all."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from repository.errors import (
    DepositBusyError,
    InvalidMetadataError,
    NotPublishableError,
    StateConflictError,
)
from repository.models import (
    DataFile,
    Dataset,
    DatasetVersion,
    Deposit,
    Finding,
    Measurement,
    Product,
    User,
    VersionFile,
    VersionMeasurement,
)
from repository.models.revision import read_description
from repository.models.sorting import version_files, version_findings, version_measurements
from repository.schema import normalize_document
from repository.schema.checks.carried_calibrations import list_carried
from repository.schema.documents.calibrated_axes import describe_axes
from repository.schema.documents.pattern_order import note_order
from repository.schema.findings import Finding as Found
from repository.services.audit import record_event
from repository.services.deposits import (
    State,
    lock_deposit,
    move_deposit,
    remove_transfers,
    require_open,
    stamp_acknowledgements,
)
from repository.services.edits import read_content, record_edit, require_revision
from repository.services.facts import index_version
from repository.services.identifiers import reserve_identifiers
from repository.services.judgements import judge_ahead
from repository.services.told import UNTOLD_LINK, build_name_check
from repository.services.validation import list_obstacles, validate_deposit
from repository.services.withholding import settle_withheld
from repository.states import DepositMove


def publish_deposit(
    *,
    deposit_id: str,
    actor: User,
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> DatasetVersion:
    """Freeze the deposit as its next version, reserve the DOIs and make it findable.

    Raises
    ------
    DepositAlreadyPublishedError
        It is published already, perhaps a moment ago by somebody else.
    NotPublishableError
        Errors, undeclared gaps or unacknowledged warnings are left; they are in `findings`.
    """
    ahead = judge_ahead(deposit_id=deposit_id, anew=True)
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        try:
            require_open(deposit)
        except DepositBusyError:
            require_revision(deposit, expected_revisions)  # what was looked at will not come back by waiting
            raise
        require_revision(deposit, expected_revisions)
        if deposit.state == State.DRAFT:
            raise StateConflictError(
                f"The deposit {deposit.pk} was not handed in yet.",
                hint="Hand it in, wait until the files are read, then publish.",
            )
        former = read_content(deposit)
        if accept_warnings:
            deposit.accepted_warnings = stamp_acknowledgements(
                [*deposit.accepted_warnings, *accept_warnings], actor=actor
            )
            deposit.save()
        deposit = validate_deposit(deposit_id=deposit_id, ahead=ahead, anew=True)
        _require_publishable(deposit)
        version = _freeze(deposit, actor=actor)
        move_deposit(deposit, DepositMove.PUBLISH)
        record_edit(deposit, former, actor=actor)
        record_event(
            actor=actor,
            action="version.publish",
            target=deposit.pk,
            detail={"number": version.number, "accepted_warnings": deposit.accepted_warnings},
        )
    return version


def _require_publishable(deposit: Deposit) -> None:
    obstacles = list_obstacles(deposit)
    if obstacles:
        raise NotPublishableError(
            f"The deposit {deposit.pk} cannot be published: {_count_obstacles(obstacles)}.",
            findings=obstacles,
        )
    if deposit.state != State.READY:
        raise StateConflictError(f"The deposit {deposit.pk} is {deposit.get_state_display().lower()}.")
    unread = (Measurement.State.FOUND, Measurement.State.OPENED)
    if version_measurements(deposit).filter(state__in=unread).exists():
        raise StateConflictError(
            f"The files of {deposit.pk} were checked, but not converted yet.",
            hint="Hand the deposit in: it goes on from what was read. Then publish.",
        )


def _count_obstacles(obstacles: Sequence[Found]) -> str:
    errors = sum(finding.severity == "error" for finding in obstacles)
    warnings = len(obstacles) - errors
    parts = [f"{errors} error{'s' * (errors != 1)}"] if errors else []
    if warnings:
        parts.append(f"{warnings} warning{'s' * (warnings != 1)} that nobody has acknowledged")
    return " and ".join(parts)


def _freeze(deposit: Deposit, *, actor: User) -> DatasetVersion:
    # First pictures are the depositor's; what could not be converted is published without them.
    told = version_measurements(deposit)
    Product.objects.filter(measurement__in=told, is_preliminary=True).delete()
    dataset, _ = Dataset.objects.get_or_create(deposit=deposit)
    newest = dataset.versions.order_by("-number").first()
    number = newest.number + 1 if newest else 1
    document = normalize_document(deposit.dataset_document, kind="dataset")
    access, embargo_until = read_access(document)
    # What could not be read has no arrays: the version holds its files, and says why they were not read.
    readable = told.exclude(state=Measurement.State.FAILED)
    measurements = list(
        readable.select_related("primary_file").prefetch_related("signals", "parts__data_file")
    )
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=number,
        title=str(document["title"]),
        license=str(document["license"]),
        document=document,
        content=_build_content(deposit, measurements),
        accepted_warnings=deposit.accepted_warnings,
        schema_version=deposit.schema_version,
        access=access,
        embargo_until=embargo_until,
        published_by=actor,
    )
    _attach_files(version, deposit)
    VersionMeasurement.objects.bulk_create(
        VersionMeasurement(version=version, measurement=measurement, ordinal=ordinal)
        for ordinal, measurement in enumerate(measurements)
    )
    readable.filter(frozen_at__isnull=True).update(frozen_at=timezone.now())
    reserve_identifiers(deposit=deposit, number=number)
    index_version(version=version)
    version.sealed = True
    version.save(update_fields=["sealed"])
    transaction.on_commit(partial(remove_transfers, settle_withheld(deposit)))
    return version


def _attach_files(version: DatasetVersion, deposit: Deposit) -> None:
    stored = version_files(deposit).filter(state=DataFile.State.STORED)
    VersionFile.objects.bulk_create(
        VersionFile(
            version=version,
            data_file=file,
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            media_type=file.media_type,
            format_label=file.format_label,
        )
        for file in stored
    )


def _build_content(deposit: Deposit, measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return what the version says of its measurements, so that it can be read without any other row."""
    findings = _list_told_findings(deposit)
    corrected = _list_corrected(deposit)
    described = {measurement.pk for measurement in measurements}
    return {
        "supplied": note_order(deposit.document),
        "measurements": [
            {
                "id": measurement.pk,
                "format": measurement.format,
                "reader": measurement.reader,
                "techniques": measurement.techniques,
                "files": [part.data_file.path for part in measurement.parts.all()],
                **_get_wording(measurement, corrected),
                "signals": _describe_signals(measurement),
                "findings": corrected[measurement.pk]["findings"]
                if measurement.pk in corrected
                else [_as_dict(row) for row in findings if row.measurement_id == measurement.pk],
            }
            for measurement in measurements
        ],
        "findings": [_as_dict(row) for row in findings if row.measurement_id not in described],
    }


def _describe_signals(measurement: Measurement) -> list[dict[str, Any]]:
    calibrated = measurement.calibrated_shapes
    carried = list_carried(calibrated, measurement.present_document)
    rows = zip(measurement.signals.all(), measurement.shapes, calibrated, strict=True)
    return [
        {
            "name": signal.name,
            "shape": signal.shape,
            "dtype": signal.dtype,
            "axes": describe_axes(read, now),
            "calibrations": [one.as_dict() for one in carried[signal.name]],
            "statistics": signal.statistics,
        }
        for signal, read, now in rows
    ]


def _list_corrected(deposit: Deposit) -> dict[str, Mapping[str, Any]]:
    """Return what the newest revision of the version before says of its measurements, where it corrected them."""
    versions = DatasetVersion.objects.filter(dataset__deposit=deposit, sealed=True)
    former = versions.order_by("-number").first()
    description = read_description(former) if former is not None else None
    if description is None or description.revision is None:
        return {}
    corrected = description.revision.measurements
    return {entry["id"]: entry for entry in description.measurements if entry["id"] in corrected}


def _get_wording(measurement: Measurement, corrected: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    entry = corrected.get(measurement.pk)
    if entry is not None:
        return {"schema_version": entry["schema_version"], "metadata": entry["metadata"]}
    return {"schema_version": measurement.schema_version, "metadata": measurement.document}


def _list_told_findings(deposit: Deposit) -> list[Finding]:
    """Return the findings that everybody may read: none about what is withheld, and none that names it."""
    names_withheld = build_name_check(deposit)
    return [
        row
        for row in version_findings(deposit).order_by("id")
        if row.code != UNTOLD_LINK and not names_withheld(f"{row.message} {row.hint} {row.pointer}")
    ]


def _as_dict(row: Finding) -> dict[str, str]:
    return {
        "severity": row.severity,
        "code": row.code,
        "pointer": row.pointer,
        "message": row.message,
        "hint": row.hint,
    }


def read_access(document: Mapping[str, Any]) -> tuple[str, dt.date | None]:
    """Return access level and end of embargo as the dataset's description states them."""
    until = document.get("embargo_until")
    access = str(document.get("access") or ("embargoed" if until else "open"))
    if access != "embargoed":
        return access, None
    try:
        date = dt.date.fromisoformat(str(until))
    except ValueError:
        raise InvalidMetadataError(
            "An embargo needs the date on which it ends, such as 2027-06-30.",
            pointer="/dataset/embargo_until",
        ) from None
    return access, date


def start_new_version(*, deposit_id: str, actor: User) -> Deposit:
    """Open a published deposit again for its next version; what is published stays as it is."""
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state != State.PUBLISHED:
            raise StateConflictError(f"The deposit {deposit.pk} is not published; change the draft itself.")
        newest = deposit.dataset.versions.order_by("-number").values_list("number", flat=True)[0]
        reserve_identifiers(deposit=deposit, number=newest + 1)
        former = read_content(deposit)
        deposit.accepted_warnings = []
        deposit.told_at = None
        move_deposit(deposit, DepositMove.START_VERSION)
        record_edit(deposit, former, actor=actor)
        record_event(actor=actor, action="version.start", target=deposit.pk)
    return deposit
