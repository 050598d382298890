from django.db import transaction

from ingest.services.following import follow_opening
from ingest.services.hints import build_hints
from repository.models import Deposit, Measurement, User
from repository.services.deposits import (
    ReadUntil,
    cancel_measurement_jobs,
    lock_deposit,
    mark_submitted,
    set_state,
)
from repository.services.judgements import judge_ahead, list_open_measurements
from repository.services.succession import replace_corrected
from repository.services.validation import validate_deposit
from repository.workflows.jobs import enqueue_job

REFRESHED = (Deposit.State.NEEDS_ATTENTION, Deposit.State.READY, Deposit.State.PROCESSING)
OF_ONE_READING = ("open_measurement", "preview_measurement", "convert_measurement", "reduce_measurement")


def submit_deposit(*, deposit_id: str, actor: User, until: str = ReadUntil.CONVERTED) -> None:
    """Hand the deposit in: from here the server reads it, to the end or only until it is opened and checked.

    What was opened and checked goes on to its conversion without being recognized and opened once more.
    """
    with transaction.atomic():
        checked = _list_checked(lock_deposit(deposit_id=deposit_id)) if until == ReadUntil.CONVERTED else []
        deposit = mark_submitted(deposit_id=deposit_id, actor=actor, until=until)
        if not any(measurement.state == Measurement.State.OPENED for measurement in checked):
            enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
            return
        set_state(deposit_id=deposit.pk, old=[deposit.state], new=Deposit.State.PROCESSING)
        for measurement in checked:
            measurement.deposit = deposit
            if measurement.state == Measurement.State.OPENED:
                follow_opening(measurement)
            else:
                enqueue_job(kind="open_measurement", target=measurement.pk, deposit=deposit)


def _list_checked(deposit: Deposit) -> list[Measurement]:
    """Return what is to be read to its end, where the files were only checked and none has changed since."""
    is_settled = deposit.state in {Deposit.State.NEEDS_ATTENTION, Deposit.State.READY}
    if not is_settled or deposit.read_until != ReadUntil.OPENED:
        return []
    unfrozen = deposit.current_measurements.filter(frozen_at__isnull=True)
    return list(unfrozen.exclude(state=Measurement.State.CONVERTED).select_related("primary_file"))


def refresh_deposit(*, deposit_id: str) -> None:
    """Check a deposit after its document changed; open again what the new words make another array of."""
    ahead = judge_ahead(deposit_id=deposit_id)
    with transaction.atomic():
        deposit = validate_deposit(deposit_id=deposit_id, ahead=ahead)
        if deposit.state not in REFRESHED:
            return
        waiting = [
            measurement.pk
            for measurement in list_open_measurements(deposit)
            if _needs_reopening(deposit, measurement)
        ]
        cancel_measurement_jobs(waiting, kinds=OF_ONE_READING)
        waiting += replace_corrected(deposit)
        for measurement_id in waiting:
            enqueue_job(kind="open_measurement", target=measurement_id, deposit=deposit)
        if waiting:
            set_state(deposit_id=deposit.pk, old=[deposit.state], new=Deposit.State.PROCESSING)


def _needs_reopening(deposit: Deposit, measurement: Measurement) -> bool:
    """Return whether the person has now said what the reader had to ask for, or something else than before."""
    hints = build_hints(deposit.document, measurement.primary_file.path)
    return bool(hints != measurement.hints)
