"""Checking a deposit, and settling whether it can be published."""

from collections.abc import Collection

from django.db import transaction

from repository.errors import StateConflictError
from repository.models import Deposit, Finding, Job, User
from repository.models.sorting import version_files, version_findings, withheld_measurements
from repository.schema import list_unmatched, validate_dataset, validate_supplied
from repository.schema.checks.links import has_links
from repository.schema.findings import Finding as Found
from repository.schema.findings import group_findings
from repository.services.audit import record_event
from repository.services.case_twins import list_twin_findings
from repository.services.deposits import State, lock_deposit, move_deposit, settle_state
from repository.services.findings import replace_findings
from repository.services.fixity import list_damage_findings
from repository.services.jobs import cancel_jobs
from repository.services.judgements import Judgements, judge_and_record, list_open_measurements
from repository.services.told import list_untold_links
from repository.states import BUSY_STATES, DepositMove

READING_JOBS = (
    "inspect_deposit",
    "open_measurement",
    "preview_measurement",
    "convert_measurement",
    "reduce_measurement",
)


def stop_reading(*, deposit_id: str, actor: User) -> Deposit:
    """Break off the reading of a deposit; what was read so far is kept, and handing it in again goes on from there.

    Numbers and pictures that are just made anew from arrays are made to their end: they take seconds, and what they
    replace is out of date.

    Raises
    ------
    StateConflictError
        Nothing of it is being read.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state not in BUSY_STATES:
            raise StateConflictError(
                f"Nothing of the deposit {deposit_id} is being read.", hint="Reload it to see its state."
            )
        n_stopped = cancel_jobs(
            deposit, kinds=[kind for kind in READING_JOBS if kind != "reduce_measurement"]
        )
        if not _is_reading(deposit):
            move_deposit(deposit, DepositMove.STOP_READING)
        record_event(
            actor=actor, action="deposit.stop_reading", target=deposit.pk, detail={"jobs": n_stopped}
        )
    return deposit


def validate_deposit(*, deposit_id: str, ahead: Judgements | None = None, anew: bool = False) -> Deposit:
    """Check what has changed in the deposit since it was checked last, and store the findings.

    While files are still being read, the findings are kept up to date but the state stays `processing`.

    Parameters
    ----------
    ahead
        What `judge_ahead` said before the deposit was locked.
    anew
        Check everything.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state == State.PUBLISHED:
            return deposit
        _validate_dataset(deposit)
        judge_and_record(deposit, list_open_measurements(deposit), ahead or {}, anew=anew)
        _settle_state(deposit, is_reading=_is_reading(deposit))
    return deposit


def validate_answers(
    *, deposit_id: str, measurement_ids: Collection[str], ahead: Judgements | None = None
) -> Deposit:
    """Check what answers of the table have changed: the layers that were written, and the measurements they speak of.

    Each answer was looked at before it was written, so that a change of one file's answers costs the same in a deposit
    of one measurement and of three thousand.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state == State.PUBLISHED:
            return deposit
        _forget_answered(deposit)
        judge_and_record(deposit, list_open_measurements(deposit).filter(pk__in=measurement_ids), ahead or {})
        _settle_state(deposit, is_reading=_is_reading(deposit))
    return deposit


def _forget_answered(deposit: Deposit) -> None:
    """Look again at what was wrong in the document: an answer may have taken its place."""
    wrong = deposit.findings.filter(
        stage=Finding.Stage.VALIDATION,
        data_file=None,
        measurement=None,
        pointer__regex="^/(defaults|kinds|meas)",
    )
    if wrong.exists():
        _validate_dataset(deposit)


def validate_after_reading(*, deposit_id: str, measurement_id: str) -> Deposit:
    """Check the one measurement about which a job has just found something, and settle the deposit's state.

    What was found about the others rests on other files and stands. What was found about the whole is looked at once,
    when the last of them is read. So a job costs the same in a deposit of one measurement and of a hundred.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state == State.PUBLISHED:
            return deposit
        judge_and_record(deposit, list_open_measurements(deposit).filter(pk=measurement_id), {})
        is_reading = _is_reading(deposit)
        if not is_reading:
            _validate_dataset(deposit)
        _settle_state(deposit, is_reading=is_reading)
    return deposit


def validate_sorting(*, deposit_id: str) -> Deposit:
    """Settle the deposit after it was decided what becomes of files: what is withheld stands in the way of nothing.

    What was found about each measurement stands, unless some link to others: those are judged again.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        if deposit.state == State.PUBLISHED:
            return deposit
        if has_links(deposit.document):
            judge_and_record(deposit, list_open_measurements(deposit), {})
        _validate_dataset(deposit)
        _settle_state(deposit, is_reading=_is_reading(deposit))
    return deposit


def _validate_dataset(deposit: Deposit) -> None:
    found = [*validate_supplied(deposit.document), *validate_dataset(deposit.dataset_document)]
    paths = list(deposit.current_files.values_list("path", flat=True))
    found += list_unmatched(deposit.document, paths) if paths else []
    found += list_untold_links(deposit)
    if not paths:
        found.append(
            Found(
                severity="error",
                code="no_files",
                layer="file",
                message="The deposit holds no files.",
                hint="Upload the microscope's files, then hand the deposit in.",
            )
        )
    elif not version_files(deposit).exists():
        found.append(
            Found(
                severity="error",
                code="nothing_to_publish",
                layer="file",
                message="All files are kept private, discarded or set aside: a version would hold nothing.",
                hint="Say of at least one of them that it is to be published.",
            )
        )
    found += [*list_twin_findings(deposit), *list_damage_findings(deposit)]
    replace_findings(deposit=deposit, stage=Finding.Stage.VALIDATION, found=found)


def _is_reading(deposit: Deposit) -> bool:
    """Return whether something is read that the next version will hold: what is kept private goes on beside it."""
    withheld = withheld_measurements(deposit).values("pk")
    jobs = Job.objects.filter(deposit=deposit, kind__in=READING_JOBS, state__in=Job.ACTIVE)
    return jobs.exclude(target__in=withheld).exists()


def _settle_state(deposit: Deposit, *, is_reading: bool) -> None:
    """Leave `processing` when nothing is being read any more."""
    if deposit.state == State.DRAFT:
        return
    if is_reading:
        settle_state(deposit, State.PROCESSING)
    else:
        settle_state(deposit, State.NEEDS_ATTENTION if _has_obstacles(deposit) else State.READY)


def _has_obstacles(deposit: Deposit) -> bool:
    """Return whether errors or unacknowledged warnings stand in the way of publishing."""
    accepted = [entry["code"] for entry in deposit.accepted_warnings]
    findings = version_findings(deposit)
    has_errors = findings.filter(severity="error").exists()
    return has_errors or findings.filter(severity="warning").exclude(code__in=accepted).exists()


def list_obstacles(deposit: Deposit) -> list[Found]:
    """Return the errors and unacknowledged warnings, each cause once with its places."""
    accepted = {entry["code"] for entry in deposit.accepted_warnings}
    rows = (
        version_findings(deposit)
        .filter(severity__in=["error", "warning"])
        .select_related("data_file", "measurement__primary_file")
    )
    return group_findings(
        (_name_place(row), row.measurement_id, _read_row(row))
        for row in rows
        if row.severity == "error" or row.code not in accepted
    )


def _name_place(row: Finding) -> str:
    if row.data_file is not None:
        return row.data_file.path
    return row.measurement.primary_file.path if row.measurement is not None else ""


def _read_row(row: Finding) -> Found:
    return Found(
        severity=row.severity,  # type: ignore[arg-type]  # the database guards the three words
        code=row.code,
        pointer=row.pointer,
        message=row.message,
        hint=row.hint,
        why=row.why,
        layer=row.layer,  # type: ignore[arg-type]
    )
