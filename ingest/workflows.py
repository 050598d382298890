"""What has files read, and what follows once they are: each step enqueues the next."""

from collections.abc import Collection, Iterable

from django.db import transaction

from confined.hints import build_hints
from repository.models import Deposit, Finding, Measurement, User
from repository.selectors.inputs import count_bytes
from repository.services.deposits import (
    ReadUntil,
    lock_deposit,
    mark_submitted,
    move_if_possible,
)
from repository.services.findings import replace_findings
from repository.services.jobs import cancel_measurement_jobs
from repository.services.judgements import judge_ahead, list_open_measurements
from repository.services.succession import replace_corrected
from repository.services.validation import validate_answers, validate_deposit
from repository.states import DepositMove
from repository.workflows.jobs import enqueue_job

OF_ONE_READING = ("open_measurement", "preview_measurement", "convert_measurement", "reduce_measurement")
FIRST_PICTURES_FROM_BYTES = 256 * 1024 * 1024  # smaller ones are converted before a person has looked up


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
        move_if_possible(deposit_id=deposit.pk, move=DepositMove.BEGIN_READING)
        for measurement in checked:
            measurement.deposit = deposit
            if measurement.state == Measurement.State.OPENED:
                follow_opening(measurement)
            else:
                open_measurements(deposit, [measurement.pk])


def _list_checked(deposit: Deposit) -> list[Measurement]:
    """Return what is to be read to its end, where the files were only checked and none has changed since."""
    is_settled = deposit.state in {Deposit.State.NEEDS_ATTENTION, Deposit.State.READY}
    if not is_settled or deposit.read_until != ReadUntil.OPENED:
        return []
    unfrozen = deposit.current_measurements.filter(frozen_at__isnull=True)
    return list(unfrozen.exclude(state=Measurement.State.CONVERTED).select_related("primary_file"))


def read_deposit_again(*, deposit_id: str, measurement_ids: Collection[str] | None = None) -> None:
    """Check a deposit after its document changed; open again what the new words make another array of.

    Where it is known of which measurements the change speaks, only these are looked at.
    """
    ahead = judge_ahead(deposit_id=deposit_id, measurement_ids=measurement_ids)
    with transaction.atomic():
        if measurement_ids is None:
            deposit = validate_deposit(deposit_id=deposit_id, ahead=ahead)
        else:
            deposit = validate_answers(deposit_id=deposit_id, measurement_ids=measurement_ids, ahead=ahead)
        if deposit.state not in DepositMove.READ_AGAIN.value.sources:
            return
        measurements = list_open_measurements(deposit)
        if measurement_ids is not None:
            measurements = measurements.filter(pk__in=measurement_ids)
        waiting = [measurement.pk for measurement in measurements if _needs_reopening(deposit, measurement)]
        cancel_measurement_jobs(waiting, kinds=OF_ONE_READING)
        waiting += replace_corrected(deposit)
        open_measurements(deposit, waiting)
        if waiting:
            move_if_possible(deposit_id=deposit.pk, move=DepositMove.READ_AGAIN)


def _needs_reopening(deposit: Deposit, measurement: Measurement) -> bool:
    """Return whether the person has now said what the reader had to ask for, or something else than before."""
    hints = build_hints(deposit.document, measurement.primary_file.path)
    return bool(hints != measurement.hints)


def open_measurements(deposit: Deposit, measurement_ids: Iterable[str]) -> None:
    """Have headers read; call it in the transaction that found out about the measurements."""
    for measurement_id in measurement_ids:
        enqueue_job(kind="open_measurement", target=measurement_id, deposit=deposit)


def follow_opening(measurement: Measurement) -> None:
    """Have done what comes next: first pictures where the conversion takes long, then the conversion.

    The job of the first pictures is made first, and so comes first.
    """
    deposit = measurement.deposit
    if _needs_reopening(deposit, measurement):
        # The person said something else while the files were being opened.
        open_measurements(deposit, [measurement.pk])
        return
    # What an earlier conversion found was about what the file was taken for then.
    replace_findings(deposit=deposit, stage=Finding.Stage.CONVERSION, measurement=measurement, found=())
    has_pictures = measurement.products.filter(is_preliminary=True).exists()
    if not has_pictures and count_bytes(measurement) >= FIRST_PICTURES_FROM_BYTES:
        enqueue_job(kind="preview_measurement", target=measurement.pk, deposit=deposit)
    if deposit.read_until == ReadUntil.CONVERTED:
        enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=deposit)
