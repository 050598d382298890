from django.db import transaction

from ingest.services.hints import build_hints
from repository.models import Deposit, Job, Measurement, User
from repository.services.deposits import mark_submitted, set_state
from repository.services.succession import replace_corrected
from repository.services.validation import validate_deposit
from repository.workflows.jobs import enqueue_job


def submit_deposit(*, deposit_id: str, actor: User) -> Job:
    """Hand the deposit in: from here the server reads it."""
    with transaction.atomic():
        deposit = mark_submitted(deposit_id=deposit_id, actor=actor)
        return enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)


def refresh_deposit(*, deposit_id: str) -> None:
    """Check a deposit after its document changed; open again what could not be read without the new words."""
    with transaction.atomic():
        deposit = validate_deposit(deposit_id=deposit_id)
        if deposit.state not in {Deposit.State.NEEDS_ATTENTION, Deposit.State.READY}:
            return
        unfrozen = deposit.current_measurements.filter(frozen_at__isnull=True).select_related("primary_file")
        waiting = [measurement.pk for measurement in unfrozen if _needs_reopening(deposit, measurement)]
        waiting += replace_corrected(deposit)
        for measurement_id in waiting:
            enqueue_job(kind="open_measurement", target=measurement_id, deposit=deposit)
        if waiting:
            set_state(deposit_id=deposit.pk, old=[deposit.state], new=Deposit.State.PROCESSING)


def _needs_reopening(deposit: Deposit, measurement: Measurement) -> bool:
    """Return whether the person has now said what the reader had to ask for, or something else than before."""
    hints = build_hints(deposit.document, measurement.primary_file.path)
    return bool(hints != measurement.hints)
