"""The shape that all jobs on one measurement share.

Confined work outside any transaction; then, in the transaction that settles the job, what came of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from confined.hints import build_hints
from confined.runs import attempt_folder
from confined.sandbox import SandboxError
from repository.lanes import Lane
from repository.models import Finding, Measurement
from repository.schema.findings import Finding as Found
from repository.schema.findings import Severity
from repository.services.jobs import ClaimedJob
from repository.services.measurements import record_reading_failure
from repository.services.validation import validate_after_reading
from repository.tasks.job_kinds import Apply, JobKind, JobProgress
from repository.workflows.notices import tell_when_read


class Result(Protocol):
    """What confined work made, ready to be written down."""

    def record(self, measurement: Measurement) -> None:
        """Write it down."""


# Confined work on one measurement: called with `measurement`, `output` and `progress`, and with the job's `parameters`
# where its kind takes them. Returns what it made, or raises SandboxError with the finding that says why it cannot.
Work = Callable[..., Result]


def _end(measurement: Measurement) -> None:
    """Nothing follows."""


RecordFailure = Callable[[Measurement, Finding.Stage, Found], None]


@dataclass(frozen=True, slots=True)
class _Failing:
    """What becomes of a measurement on which the work could not be done."""

    stage: Finding.Stage
    record: RecordFailure | None
    follow: Callable[[Measurement], object]

    def apply(self, measurement_id: str, finding: Found, words: Mapping[str, Any] | None = None) -> None:
        """Record why, and let the deposit go on without it.

        `words` are the person's that the work was done with; where nobody knows, they count as the present ones.
        """
        measurement = (
            Measurement.objects.select_related("deposit", "primary_file").filter(pk=measurement_id).first()
        )
        if measurement is None:
            return
        if self.record is not None:
            self.record(measurement, self.stage, finding)
        else:
            hints = _build_words(measurement) if words is None else words
            record_reading_failure(measurement=measurement, stage=self.stage, finding=finding, hints=hints)
        self.follow(measurement)
        validate_after_reading(deposit_id=measurement.deposit_id, measurement_id=measurement.pk)
        tell_when_read(deposit_id=measurement.deposit_id)


def _build_words(measurement: Measurement) -> dict[str, Any]:
    return build_hints(measurement.deposit.document, measurement.primary_file.path)


def build_measurement_job(
    work: Work,
    *,
    stage: Finding.Stage,
    code: str,
    sentence: str,
    lane: Lane,
    takes_parameters: bool = False,
    is_light: Callable[[str], bool] | None = None,
    follow: Callable[[Measurement], None] = _end,
    severity: Severity = "error",
    record_failure: RecordFailure | None = None,
    follow_failure: Callable[[Measurement], object] = _end,
) -> JobKind:
    """Return the two halves of a job on one measurement.

    Parameters
    ----------
    work
        What is done, confined.
    stage
        Whose findings a failure replaces.
    code, sentence
        How the finding of a job that failed for good is named and begins.
    lane, is_light
        Whether a person waits for it, and which of the long ones are so little work that they count as short.
    takes_parameters
        Whether the work is told what the job carries besides its target.
    follow
        What happens in the settling transaction once the result stands, such as enqueuing the next job.
    severity
        Of that finding; a warning where the measurement does not hang on the job.
    record_failure
        Writes down why the work could not be done; by default the measurement counts as not read.
    follow_failure
        What happens in the settling transaction once the failure stands.
    """
    failing = _Failing(stage, record_failure, follow_failure)

    def run(claim: ClaimedJob, progress: JobProgress) -> Apply:
        measurement = Measurement.objects.select_related("deposit", "primary_file").get(pk=claim.target)
        words = _build_words(measurement)
        asked = {"parameters": claim.parameters} if takes_parameters else {}
        with attempt_folder(claim) as output:
            try:
                result = work(measurement=measurement, output=output, progress=progress, **asked)
            except SandboxError as error:
                return partial(failing.apply, measurement.pk, error.finding, words)
        return partial(_apply, measurement.pk, result, follow)

    def fail(claim: ClaimedJob, reason: str) -> None:
        problem = Found(
            severity=severity,
            code=code,
            layer="reading",
            message=f"{sentence}: {reason}",
            hint="The files are kept. Hand the deposit in again; if it fails again, write to the operator.",
        )
        failing.apply(claim.target, problem)

    return JobKind(work=run, apply_failure=fail, lane=lane, is_light=is_light)


def _apply(measurement_id: str, result: Result, follow: Callable[[Measurement], None]) -> None:
    measurement = Measurement.objects.select_related("deposit", "primary_file").get(pk=measurement_id)
    result.record(measurement)
    follow(measurement)
    validate_after_reading(deposit_id=measurement.deposit_id, measurement_id=measurement.pk)
    tell_when_read(deposit_id=measurement.deposit_id)
