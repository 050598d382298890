"""What a new version leaves out or replaces. The versions that hold it keep it, and so does its address."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from repository.errors import StateConflictError
from repository.models import (
    DataFile,
    DatasetVersion,
    Deposit,
    Measurement,
    MeasurementFile,
    User,
)
from repository.models.revision import Description, read_description
from repository.models.sorting import is_kept
from repository.schema import normalize_document
from repository.schema.checks.links import has_links
from repository.schema.versions.in_force import VERSION_IN_FORCE
from repository.services.audit import record_event
from repository.services.deposits import (
    lock_deposit,
    move_deposit,
    remove_transfers,
    require_open,
)
from repository.services.edits import read_content, record_edit, require_revision
from repository.services.jobs import cancel_jobs
from repository.services.judgements import merge_measurement, select_layers
from repository.services.sorting import restore_sortings
from repository.services.stored_objects import delete_files
from repository.services.told import read_told
from repository.states import DepositMove


def leave_out(measurements: QuerySet[Measurement]) -> None:
    """Take published measurements out of the draft."""
    ids = list(
        measurements.filter(frozen_at__isnull=False, left_out_at__isnull=True).values_list("pk", flat=True)
    )
    Measurement.objects.filter(pk__in=ids).update(left_out_at=timezone.now())


def leave_out_file(data_file: DataFile) -> None:
    """Take a published file, and the published measurements that it is part of, out of the draft."""
    leave_out(Measurement.objects.filter(parts__data_file=data_file))
    DataFile.objects.filter(pk=data_file.pk).update(left_out_at=timezone.now())


def create_measurement(
    *,
    deposit: Deposit,
    files: Sequence[DataFile],
    file_format: str,
    ordinal: int,
    former: Measurement | None = None,
) -> Measurement:
    """Make a measurement of these files, the primary one first, in the place of the one that had that file.

    A former measurement that a version holds is left out and named; one that nobody has seen is deleted.
    """
    is_published = former is not None and former.frozen_at is not None
    if former is not None and is_published:
        leave_out(Measurement.objects.filter(pk=former.pk))
    elif former is not None:
        former.delete()
    created = Measurement.objects.create(
        deposit=deposit,
        primary_file=files[0],
        ordinal=ordinal,
        format=file_format,
        replaces=former if is_published else None,
    )
    MeasurementFile.objects.bulk_create(
        MeasurementFile(measurement=created, data_file=data_file, position=position)
        for position, data_file in enumerate(files)
    )
    return created


def replace_corrected(deposit: Deposit) -> list[str]:
    """Replace every published measurement that the document now describes otherwise; return the ids to open.

    Where a person has changed nothing about it, it stays, though it might be put together otherwise today.
    """
    published = list(
        deposit.current_measurements.filter(frozen_at__isnull=False)
        .defer("header")
        .select_related("primary_file")
        .prefetch_related("parts__data_file")
    )
    description = _read_newest(deposit) if published else None
    former = description.supplied if description is not None else None
    wordings = description.wordings if description is not None else {}
    document = read_told(deposit).document
    return [
        create_measurement(
            deposit=deposit,
            files=[part.data_file for part in measurement.parts.all()],
            file_format=measurement.format,
            ordinal=measurement.ordinal,
            former=measurement,
        ).pk
        for measurement in published
        if former is None
        or has_links(deposit.document)  # what they lead to may be told now, or not any more
        or select_layers(measurement, former) != select_layers(measurement, document)
        if normalize_document(merge_measurement(measurement, document)[0])
        != (wordings[measurement.pk].present if measurement.pk in wordings else measurement.present_document)
    ]


def _read_newest(deposit: Deposit) -> Description | None:
    """Return what the newest version says, with the corrections since."""
    newest = DatasetVersion.objects.filter(dataset__deposit=deposit).order_by("-number").first()
    return read_description(newest) if newest is not None else None


def discard_new_version(
    *, deposit_id: str, actor: User, expected_revisions: Collection[int] | None = None
) -> Deposit:
    """Give up a new version that was begun: the deposit is again what its newest version says.

    Raises
    ------
    RevisionConflictError
        Somebody else changed it since the revision that was expected.
    StateConflictError
        Nothing of it is published yet: the draft itself can be deleted.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_open(deposit)
        require_revision(deposit, expected_revisions)
        newest = DatasetVersion.objects.filter(dataset__deposit=deposit).order_by("-number").first()
        if newest is None:
            raise StateConflictError(
                f"Nothing of {deposit.pk} is published yet.", hint="Delete the draft instead."
            )
        transfers = _drop_additions(deposit)
        restore_sortings(deposit)
        DataFile.objects.filter(published_in__version=newest).update(left_out_at=None)
        Measurement.objects.filter(versions__version=newest).update(left_out_at=None)
        former = read_content(deposit)
        description = read_description(newest)
        if description.supplied is not None:
            deposit.document, deposit.schema_version = description.supplied, VERSION_IN_FORCE
        deposit.title = description.title
        deposit.accepted_warnings = newest.accepted_warnings
        move_deposit(deposit, DepositMove.DISCARD_VERSION)
        record_edit(deposit, former, actor=actor)
        record_event(actor=actor, action="version.discard", target=deposit.pk)
    remove_transfers(transfers)
    return deposit


def _drop_additions(deposit: Deposit) -> list[str]:
    """Delete what came after the newest version; return the transfers whose bytes are to go.

    What no version holds because it was kept private when that was published stays, as it was then.
    """
    cancel_jobs(deposit)
    added = deposit.files.filter(~is_kept(), published_in__isnull=True)
    deposit.measurements.filter(frozen_at__isnull=True, parts__data_file__in=added).delete()
    published = deposit.measurements.filter(frozen_at__isnull=True, primary_file__published_in__isnull=False)
    published.delete()
    return delete_files(added, owner=deposit.owner)
