"""What has files read, and what follows once they are: each step enqueues the next."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction

from confined.hints import build_hints
from repository.models import Deposit, Finding, Measurement, User
from repository.models.sorting import goes_nowhere
from repository.selectors.inputs import count_bytes
from repository.services.deposits import (
    ReadUntil,
    lock_deposit,
    mark_submitted,
    move_if_possible,
)
from repository.services.findings import replace_findings
from repository.services.grouping import Move, place_files
from repository.services.jobs import cancel_measurement_jobs
from repository.services.judgements import Judgements, judge_ahead
from repository.services.sorting import Wish, sort_files
from repository.services.succession import replace_corrected
from repository.services.validation import validate_answers, validate_deposit, validate_sorting
from repository.states import DepositMove
from repository.workflows.jobs import enqueue_job

AFTER_OPENING = ("preview_measurement", "convert_measurement", "reduce_measurement")
"""What rests on an opening. An opening itself is not broken off: it takes seconds, and where the person said something
else meanwhile, what follows it opens again. So several answers in a row do not make it begin anew each time."""
JUDGED_WHILE_HELD = 50
"""Measurements; looking at more before the deposit is locked is worth reading them twice."""
FEW = 4  # so many are converted before a person has looked up
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
    is_little = measurement_ids is not None and len(measurement_ids) <= JUDGED_WHILE_HELD
    ahead: Judgements = (
        {} if is_little else judge_ahead(deposit_id=deposit_id, measurement_ids=measurement_ids)
    )
    with transaction.atomic():
        if measurement_ids is None:
            deposit = validate_deposit(deposit_id=deposit_id, ahead=ahead)
        else:
            deposit = validate_answers(deposit_id=deposit_id, measurement_ids=measurement_ids, ahead=ahead)
        if deposit.state not in DepositMove.READ_AGAIN.value.sources:
            return
        measurements = deposit.current_measurements.filter(frozen_at__isnull=True)
        if measurement_ids is not None:
            measurements = measurements.filter(pk__in=measurement_ids)
        opened = measurements.select_related("primary_file").only(
            "deposit", "state", "hints", "primary_file__path"
        )
        waiting = [measurement.pk for measurement in opened if _needs_reopening(deposit, measurement)]
        cancel_measurement_jobs(waiting, kinds=AFTER_OPENING)
        waiting += replace_corrected(deposit)
        open_measurements(deposit, waiting)
        if waiting:
            move_if_possible(deposit_id=deposit.pk, move=DepositMove.READ_AGAIN)


def sort_deposit(*, deposit_id: str, actor: User, wishes: Sequence[Wish]) -> Mapping[str, str]:
    """Decide what becomes of files; return what each that changed was before.

    What was discarded and is wanted again is read on, and what was set aside is looked at.
    """
    with transaction.atomic():
        outcome = sort_files(deposit_id=deposit_id, actor=actor, wishes=wishes)
        deposit = outcome.deposit
        if deposit.state != Deposit.State.DRAFT:
            open_measurements(deposit, outcome.to_open)
            if outcome.restored:
                enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
        if outcome.former:
            validate_sorting(deposit_id=deposit_id)
    return outcome.former


def group_deposit(*, deposit_id: str, actor: User, moves: Sequence[Move]) -> Sequence[Move]:
    """Group files as a person says, and read again what that touches; return the moves that take it back."""
    with transaction.atomic():
        outcome = place_files(deposit_id=deposit_id, actor=actor, moves=moves)
        deposit = outcome.deposit
        open_measurements(deposit, outcome.to_open)
        if outcome.needs_look:
            enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
        validate_sorting(deposit_id=deposit_id)
    return outcome.former


def look_at_restored(deposit: Deposit, seen: Collection[str]) -> None:
    """Look again where a file that had been set aside was restored while the others were looked at."""
    meant = deposit.current_files.filter(~goes_nowhere("deposit", "path", fates=("aside",)), state="stored")
    if not set(meant.values_list("path", flat=True)) <= set(seen):
        enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)


def _needs_reopening(deposit: Deposit, measurement: Measurement) -> bool:
    """Return whether the person has now said what the reader had to ask for, or something else than before.

    What was only found waits to be opened, with the words that the person will have said by then.
    """
    if measurement.state == Measurement.State.FOUND:
        return False
    hints = build_hints(deposit.document, measurement.primary_file.path)
    return bool(hints != measurement.hints)


def list_said_otherwise(deposit: Deposit) -> list[str]:
    """Return what is converted with other words than the person's present ones: a reading was stopped in between."""
    converted = deposit.current_measurements.filter(state=Measurement.State.CONVERTED, frozen_at__isnull=True)
    seen = converted.select_related("primary_file").only("deposit", "state", "hints", "primary_file__path")
    return [measurement.pk for measurement in seen if _needs_reopening(deposit, measurement)]


def open_measurements(deposit: Deposit, measurement_ids: Iterable[str]) -> None:
    """Have headers read; call it in the transaction that found out about the measurements."""
    for measurement_id in measurement_ids:
        enqueue_job(kind="open_measurement", target=measurement_id, deposit=deposit)


def open_if_said_otherwise(measurement: Measurement) -> bool:
    """Have it opened again where the person said something else while it was being opened; return whether so."""
    is_said_otherwise = _needs_reopening(measurement.deposit, measurement)
    if is_said_otherwise:
        open_measurements(measurement.deposit, [measurement.pk])
    return is_said_otherwise


def follow_opening(measurement: Measurement) -> None:
    """Have done what comes next: first pictures where a conversion takes long or many wait, then the conversion.

    The job of the first pictures is made first, and so comes first. Where many measurements wait, each is converted
    only after its pictures: so all of a session are seen before the first of them is converted.
    """
    deposit = measurement.deposit
    if open_if_said_otherwise(measurement):
        return
    # What an earlier conversion found was about what the file was taken for then.
    replace_findings(deposit=deposit, stage=Finding.Stage.CONVERSION, measurement=measurement, found=())
    has_pictures = measurement.products.filter(is_preliminary=True).exists()
    are_many = _waits_with_many(deposit)
    if not has_pictures and (are_many or count_bytes(measurement) >= FIRST_PICTURES_FROM_BYTES):
        enqueue_job(kind="preview_measurement", target=measurement.pk, deposit=deposit)
        if are_many:
            return
    if deposit.read_until == ReadUntil.CONVERTED:
        enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=deposit)


def _waits_with_many(deposit: Deposit) -> bool:
    waiting = (Measurement.State.FOUND, Measurement.State.OPENED)
    return deposit.current_measurements.filter(state__in=waiting, frozen_at__isnull=True).count() > FEW


def follow_pictures(measurement: Measurement) -> None:
    """Have a measurement converted whose first pictures are there, or cannot be; once, whoever asked first."""
    is_wanted = measurement.deposit.read_until == ReadUntil.CONVERTED
    if is_wanted and measurement.state == Measurement.State.OPENED:
        enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=measurement.deposit)
