"""Jobs that make arrays and pictures."""

from functools import partial
from threading import Thread
from typing import Any

import structlog
from celery.signals import worker_ready

from confined.measurement_jobs import build_measurement_job
from processing.declarations.book import get_book
from processing.services import reduction
from processing.services.compiled_code import prepare_compiled_code
from processing.services.conversion import convert_measurement, is_small
from processing.services.first_pictures import note_failure, preview_measurement
from processing.services.reduction import reduce_measurement
from processing.workflows import follow_conversion, follow_first_pictures, follow_pictures, follow_reduction
from repository.errors import TransientError
from repository.models import Finding, Measurement
from repository.schema.findings import Finding as Found
from repository.tasks.job_kinds import register_kind


def _go_on_without_pictures(measurement: Measurement, stage: Finding.Stage, finding: Found) -> None:
    note_failure(measurement, stage, finding)
    follow_pictures(measurement)


_build_job = partial(
    build_measurement_job,
    stage=Finding.Stage.CONVERSION,
    code="conversion_failed",
    sentence="The measurement could not be converted",
    lane="long",
)
register_kind(
    "convert_measurement", _build_job(convert_measurement, is_light=is_small, follow=follow_conversion)
)
register_kind(
    "reduce_measurement",
    build_measurement_job(
        reduce_measurement,
        stage=Finding.Stage.REDUCTION,
        code="reduction_failed",
        sentence="The reductions could not be made",
        lane="long",
        takes_parameters=True,
        follow=follow_reduction,
        severity="warning",
        record_failure=reduction.note_failure,
    ),
)
register_kind(
    "preview_measurement",
    build_measurement_job(
        preview_measurement,
        stage=Finding.Stage.CONVERSION,
        code="preview_failed",
        sentence="The first pictures could not be made",
        lane="short",
        follow=follow_first_pictures,
        severity="warning",
        record_failure=_go_on_without_pictures,
    ),
)


@worker_ready.connect
def compile_ahead(**_: Any) -> None:
    """Compile the reductions when a worker starts, so that nobody's first conversion waits for it."""
    Thread(target=_compile, name="compile-ahead", daemon=True).start()


def _compile() -> None:
    for problem in get_book().problems:
        structlog.get_logger(__name__).error("recipe_left_out", reason=problem)
    try:
        prepare_compiled_code()
    except (TransientError, OSError) as fault:
        structlog.get_logger(__name__).warning("compile_ahead_failed", reason=str(fault))
