"""What a new version leaves out or replaces. The versions that hold it keep it, and so does its address."""

from django.utils import timezone

from repository.models import DataFile, Deposit, Measurement, MeasurementFile
from repository.schema import normalize_document
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
