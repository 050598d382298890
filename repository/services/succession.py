"""What a new version leaves out or replaces. The versions that hold it keep it, and so does its address."""

from django.db import transaction
from django.utils import timezone

from repository.errors import StateConflictError
from repository.models import (
    DataFile,
    DatasetVersion,
    Deposit,
    Job,
    Measurement,
    MeasurementFile,
    Upload,
    User,
)
from repository.schema import normalize_document
from repository.services.audit import record_event
from repository.services.deposits import State, bump_revision, lock_deposit, require_open
from repository.services.storage import upload_folder
from repository.services.validation import merge_measurement


def leave_out_file(data_file: DataFile) -> None:
    """Take a published file, and the published measurements that it is part of, out of the draft."""
    now = timezone.now()
    frozen = Measurement.objects.filter(
        parts__data_file=data_file, frozen_at__isnull=False, left_out_at__isnull=True
    )
    Measurement.objects.filter(pk__in=list(frozen.values_list("pk", flat=True))).update(left_out_at=now)
    DataFile.objects.filter(pk=data_file.pk).update(left_out_at=now)


def create_successor(measurement: Measurement) -> Measurement:
    """Put a new measurement of the same files in the place of a published one, to be read and described anew."""
    Measurement.objects.filter(pk=measurement.pk).update(left_out_at=timezone.now())
    successor = Measurement.objects.create(
        deposit=measurement.deposit,
        primary_file=measurement.primary_file,
        ordinal=measurement.ordinal,
        format=measurement.format,
        replaces=measurement,
    )
    MeasurementFile.objects.bulk_create(
        MeasurementFile(measurement=successor, data_file=part.data_file, position=part.position)
        for part in measurement.parts.all()
    )
    return successor


def replace_corrected(deposit: Deposit) -> list[str]:
    """Replace every published measurement that the document now describes otherwise; return the ids to open."""
    published = (
        deposit.current_measurements.filter(frozen_at__isnull=False)
        .select_related("deposit", "primary_file")
        .prefetch_related("parts__data_file")
    )
    return [
        create_successor(measurement).pk
        for measurement in published
        if normalize_document(merge_measurement(measurement, deposit.document)[0]) != measurement.document
    ]


def discard_new_version(*, deposit_id: str, actor: User) -> Deposit:
    """Give up a new version that was begun: the deposit is again what its newest version says.

    Raises
    ------
    StateConflictError
        Nothing of it is published yet: the draft itself can be deleted.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_open(deposit)
        newest = DatasetVersion.objects.filter(dataset__deposit=deposit).order_by("-number").first()
        if newest is None:
            raise StateConflictError(
                f"Nothing of {deposit.pk} is published yet.", hint="Delete the draft instead."
            )
        transfers = _drop_additions(deposit)
        DataFile.objects.filter(published_in__version=newest).update(left_out_at=None)
        Measurement.objects.filter(versions__version=newest).update(left_out_at=None)
        deposit.document = newest.content.get("supplied", deposit.document)
        deposit.title = newest.title
        deposit.accepted_warnings = newest.accepted_warnings
        deposit.state = State.PUBLISHED
        bump_revision(deposit)
        record_event(actor=actor, action="version.discard", target=deposit.pk)
    for transfer in transfers:
        (upload_folder() / str(transfer)).unlink(missing_ok=True)
    return deposit


def _drop_additions(deposit: Deposit) -> list[str]:
    """Delete what no version holds; return the transfers whose bytes are to go."""
    Job.objects.filter(deposit=deposit, state__in=Job.ACTIVE).update(
        state=Job.State.CANCELLED, finished_at=timezone.now(), lease_until=None
    )
    deposit.measurements.filter(frozen_at__isnull=True).delete()
    added = deposit.files.filter(published_in__isnull=True)
    transfers = [str(pk) for pk in Upload.objects.filter(data_file__in=added).values_list("pk", flat=True)]
    added.delete()
    return transfers
