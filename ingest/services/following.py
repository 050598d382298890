"""What follows once a measurement is opened: first pictures where its conversion takes long, then the conversion."""

from confined.hints import build_hints
from repository.models import Deposit, Finding, Measurement
from repository.selectors.inputs import count_bytes
from repository.services.findings import replace_findings
from repository.workflows.jobs import enqueue_job

FIRST_PICTURES_FROM_BYTES = 256 * 1024 * 1024  # smaller ones are converted before a person has looked up


def follow_opening(measurement: Measurement) -> None:
    """Enqueue what comes next; the job of the first pictures is made first, and so comes first."""
    deposit = measurement.deposit
    if build_hints(deposit.document, measurement.primary_file.path) != measurement.hints:
        # The person said something else while the files were being opened.
        enqueue_job(kind="open_measurement", target=measurement.pk, deposit=deposit)
        return
    # What an earlier conversion found was about what the file was taken for then.
    replace_findings(deposit=deposit, stage=Finding.Stage.CONVERSION, measurement=measurement, found=())
    has_pictures = measurement.products.filter(is_preliminary=True).exists()
    if not has_pictures and count_bytes(measurement) >= FIRST_PICTURES_FROM_BYTES:
        enqueue_job(kind="preview_measurement", target=measurement.pk, deposit=deposit)
    if deposit.read_until == Deposit.ReadUntil.CONVERTED:
        enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=deposit)
