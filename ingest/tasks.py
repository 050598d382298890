"""Jobs that read: what the files are, and what their headers say."""

from functools import partial

from confined.measurement_jobs import build_measurement_job
from confined.runs import attempt_folder
from ingest.services.opening import open_measurement
from ingest.services.recognition import Recognition, recognize_deposit
from ingest.workflows import (
    follow_opening,
    list_said_otherwise,
    look_at_restored,
    open_if_said_otherwise,
    open_measurements,
)
from repository.models import Deposit, Finding
from repository.schema.findings import Finding as Found
from repository.services.deposits import move_if_possible
from repository.services.findings import replace_findings
from repository.services.jobs import ClaimedJob
from repository.services.measurements import record_recognition
from repository.services.sorting import set_droppings_aside
from repository.services.succession import replace_corrected
from repository.services.validation import validate_deposit
from repository.states import DepositMove
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from repository.workflows.notices import tell_when_read


def _inspect(claim: ClaimedJob, progress: JobProgress) -> Apply:
    deposit = Deposit.objects.get(pk=claim.target)
    move_if_possible(deposit_id=deposit.pk, move=DepositMove.BEGIN_READING)
    # Uploads are looked at as they come; what was there before there was a rule is looked at here.
    set_droppings_aside(deposit, deposit.current_files.values_list("path", flat=True))
    with attempt_folder(claim) as output:
        recognition = recognize_deposit(deposit=deposit, output=output, progress=progress)
    return partial(_apply_inspection, deposit.pk, recognition)


def _apply_inspection(deposit_id: str, recognition: Recognition) -> None:
    deposit = Deposit.objects.get(pk=deposit_id)
    to_open = record_recognition(
        deposit=deposit,
        files=recognition.files,
        groups=recognition.groups,
        findings=recognition.findings,
    )
    replace_findings(deposit=deposit, stage=Finding.Stage.RECOGNITION, found=_note_nothing_read(recognition))
    open_measurements(deposit, [*to_open, *list_said_otherwise(deposit), *replace_corrected(deposit)])
    look_at_restored(deposit, {file.path for file in recognition.files})
    validate_deposit(deposit_id=deposit_id)
    tell_when_read(deposit_id=deposit_id)


def _note_nothing_read(recognition: Recognition) -> list[Found]:
    if recognition.groups or not recognition.files:
        return []
    return [
        Found(
            severity="warning",
            code="no_measurement_read",
            layer="file",
            message="None of the files was read as a measurement.",
            hint="Readers can download the files and look at nothing here, and find them by your words alone. "
            "Add files of a format that is read, or acknowledge this.",
        )
    ]


def _fail_inspection(claim: ClaimedJob, reason: str) -> None:
    deposit = Deposit.objects.filter(pk=claim.target).first()
    if deposit is None:
        return
    problem = Found(
        severity="error",
        code="recognition_failed",
        layer="reading",
        message=f"The files could not be looked at: {reason}",
        hint="They are all kept. Hand the deposit in again; if it fails again, write to the operator.",
    )
    replace_findings(deposit=deposit, stage=Finding.Stage.RECOGNITION, found=[problem])
    validate_deposit(deposit_id=deposit.pk)
    tell_when_read(deposit_id=deposit.pk)


register_kind("inspect_deposit", JobKind(work=_inspect, apply_failure=_fail_inspection, lane="short"))
register_kind(
    "open_measurement",
    build_measurement_job(
        open_measurement,
        stage=Finding.Stage.READING,
        code="reading_failed",
        sentence="The measurement could not be opened",
        lane="short",
        follow=follow_opening,
        follow_failure=open_if_said_otherwise,
    ),
)
