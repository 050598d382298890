"""Jobs that make arrays and pictures."""

from functools import partial
from threading import Thread
from typing import Any

import structlog
from celery.signals import worker_ready

from ingest.sandbox import SandboxError
from ingest.services.confined import attempt_folder
from ingest.tasks import apply_reading_failure
from processing.services.compiled_code import prepare_compiled_code
from processing.services.conversion import Conversion, convert_measurement
from processing.services.reduction import Reduction, reduce_measurement
from repository.errors import TransientError
from repository.models import Finding, Measurement
from repository.schema.findings import Finding as Found
from repository.services.jobs import ClaimedJob
from repository.services.validation import validate_deposit
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind


def _convert(claim: ClaimedJob, progress: JobProgress) -> Apply:
    measurement = Measurement.objects.select_related("deposit", "primary_file").get(pk=claim.target)
    with attempt_folder(claim) as output:
        try:
            conversion = convert_measurement(measurement=measurement, output=output, progress=progress)
        except SandboxError as error:
            return partial(apply_reading_failure, measurement.pk, Finding.Stage.CONVERSION, error.finding)
    return partial(_apply_conversion, measurement.pk, conversion)


def _apply_conversion(measurement_id: str, conversion: Conversion) -> None:
    measurement = Measurement.objects.select_related("deposit").get(pk=measurement_id)
    conversion.record(measurement)
    validate_deposit(deposit_id=measurement.deposit_id)


def _fail(claim: ClaimedJob, reason: str) -> None:
    problem = Found(
        severity="error",
        code="conversion_failed",
        layer="reading",
        message=f"The measurement could not be converted: {reason}",
        hint="The files are kept. Hand the deposit in again; if it fails again, write to the operator.",
    )
    apply_reading_failure(claim.target, Finding.Stage.CONVERSION, problem)


def _reduce(claim: ClaimedJob, progress: JobProgress) -> Apply:
    measurement = Measurement.objects.select_related("deposit").get(pk=claim.target)
    with attempt_folder(claim) as output:
        try:
            reduction = reduce_measurement(measurement=measurement, output=output, progress=progress)
        except SandboxError as error:
            return partial(apply_reading_failure, measurement.pk, Finding.Stage.CONVERSION, error.finding)
    return partial(_apply_reduction, measurement.pk, reduction)


def _apply_reduction(measurement_id: str, reduction: Reduction) -> None:
    measurement = Measurement.objects.select_related("deposit").get(pk=measurement_id)
    reduction.record(measurement)
    validate_deposit(deposit_id=measurement.deposit_id)


@worker_ready.connect
def compile_ahead(**_: Any) -> None:
    """Compile the reductions when a worker starts, so that nobody's first conversion waits for it."""
    Thread(target=_compile, name="compile-ahead", daemon=True).start()


def _compile() -> None:
    try:
        prepare_compiled_code()
    except TransientError as fault:
        structlog.get_logger(__name__).warning("compile_ahead_failed", reason=str(fault))


register_kind("reduce_measurement", JobKind(work=_reduce, apply_failure=_fail))
register_kind("convert_measurement", JobKind(work=_convert, apply_failure=_fail))
