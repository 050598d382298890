"""Jobs that make arrays and pictures."""

from functools import partial
from threading import Thread
from typing import Any

import structlog
from celery.signals import worker_ready

from ingest.services.measurement_jobs import build_measurement_job
from processing.services.compiled_code import prepare_compiled_code
from processing.services.conversion import convert_measurement
from processing.services.reduction import reduce_measurement
from repository.errors import TransientError
from repository.models import Finding
from repository.tasks.job_kinds import register_kind

_build_job = partial(
    build_measurement_job,
    stage=Finding.Stage.CONVERSION,
    code="conversion_failed",
    sentence="The measurement could not be converted",
)
register_kind("convert_measurement", _build_job(convert_measurement))
register_kind("reduce_measurement", _build_job(reduce_measurement))


@worker_ready.connect
def compile_ahead(**_: Any) -> None:
    """Compile the reductions when a worker starts, so that nobody's first conversion waits for it."""
    Thread(target=_compile, name="compile-ahead", daemon=True).start()


def _compile() -> None:
    try:
        prepare_compiled_code()
    except (TransientError, OSError) as fault:
        structlog.get_logger(__name__).warning("compile_ahead_failed", reason=str(fault))
