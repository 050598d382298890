"""What pages, API and commands may start. They know this module, not the jobs behind it."""

from django.db import transaction

from ingest import workflows as ingest_workflows
from ingest.workflows import REFRESHED, submit_deposit
from processing.services.checksums import Outdated, find_outdated_arrays
from processing.services.reduction import list_outdated
from repository.models import Deposit, Measurement
from repository.services.deposits import set_state
from repository.workflows.jobs import enqueue_job
from repository.workflows.publishing import publish_dataset_version as publish

__all__ = ["publish", "reconvert_drafts", "refresh_deposit", "submit_deposit"]


def refresh_deposit(*, deposit_id: str) -> None:
    """Check a deposit after its document changed; open or reduce again what the new words change."""
    with transaction.atomic():
        ingest_workflows.refresh_deposit(deposit_id=deposit_id)
        deposit = Deposit.objects.get(pk=deposit_id)
        if deposit.state not in REFRESHED:
            return
        outdated = list_outdated(deposit)
        for measurement_id in outdated:
            enqueue_job(kind="reduce_measurement", target=measurement_id, deposit=deposit)
        if outdated:
            set_state(deposit_id=deposit.pk, old=REFRESHED, new=Deposit.State.PROCESSING)


def reconvert_drafts() -> Outdated:
    """Convert the arrays of drafts again that have no checksums in their chunks, or are damaged.

    Arrays of published versions stay as they are: their objects are named, with their digests, by what was published.
    """
    outdated = find_outdated_arrays()
    for measurement_id in outdated.drafts:
        with transaction.atomic():
            measurement = Measurement.objects.select_related("deposit").get(pk=measurement_id)
            enqueue_job(kind="convert_measurement", target=measurement_id, deposit=measurement.deposit)
            set_state(deposit_id=measurement.deposit_id, old=REFRESHED, new=Deposit.State.PROCESSING)
    return outdated
