"""Running a program over stored files, confined, with the settings of this installation."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from ingest.sandbox import Limits, SandboxError, run_confined
from ingest.services.zygotes import get_zygotes
from repository.errors import TransientError
from repository.services.jobs import ClaimedJob
from repository.services.storage import get_object_store, work_folder
from repository.tasks.job_kinds import JobProgress

SLOWEST_BYTES_PER_S = 5e6  # a conversion slower than this hangs
LEAST_WALL_S = 900.0
DATA_BYTES = 3 << 30


@contextmanager
def attempt_folder(claim: ClaimedJob) -> Iterator[Path]:
    """Give one attempt of a job a folder of its own; what a killed attempt left there is removed first."""
    root = work_folder("attempts")
    for leftover in root.glob(f"{claim.id}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = root / f"{claim.id}-{claim.attempt}"
    output = folder / "output"
    output.mkdir(parents=True)
    try:
        yield output
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forward_progress(progress: JobProgress) -> Callable[[dict[str, Any]], None]:
    """Return what hands a program's reports of progress on to the job."""

    def note(message: dict[str, Any]) -> None:
        if message.get("type") == "progress":
            progress.report(float(message.get("fraction", 0.0)), str(message.get("message", "")))

    return note


def run_over_files(
    *,
    program: str,
    request: Mapping[str, Any],
    digests: Mapping[str, str],
    output: Path,
    on_message: Callable[[dict[str, Any]], None],
    compiled_cache: Path | None = None,
) -> dict[str, Any]:
    """Run a program over stored files, named as they were uploaded.

    Raises
    ------
    SandboxError
        The file cannot be read; the error's finding says why.
    TransientError
        The machine is at fault (disk full, no confinement): the job is tried again.
    """
    store = get_object_store()
    inputs = {path: store.path_of(sha256) for path, sha256 in digests.items()}
    size = sum(path.stat().st_size for path in inputs.values())
    wall_s = LEAST_WALL_S + size / SLOWEST_BYTES_PER_S
    limits = Limits(wall_s=wall_s, cpu_s=int(4 * wall_s), data_bytes=DATA_BYTES)
    try:
        return run_confined(
            program=program,
            request=dict(request),
            inputs=inputs,
            output=output,
            limits=limits,
            on_message=on_message,
            mode=settings.SANDBOX_MODE,
            compiled_cache=compiled_cache,
            zygotes=get_zygotes(),
        )
    except SandboxError as error:
        if error.is_retryable:
            raise TransientError(error.finding.message) from error
        raise
