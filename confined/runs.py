"""Running a program over stored files, confined, with the settings of this installation."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from confined.input_checks import InputCheck, InputDamagedError, locate_inputs
from confined.sandbox import Limits, SandboxDiskFullError, SandboxError, SandboxRefusalError, run_confined
from confined.zygotes import get_zygotes
from repository.errors import DiskFullError, TransientError
from repository.services.disk import find_shortage, job_folders, require_room_for_job
from repository.services.jobs import ClaimedJob
from repository.services.storage import work_folder
from repository.tasks.job_kinds import JobProgress

SLOWEST_BYTES_PER_S = 5e6  # a conversion slower than this hangs
LEAST_WALL_S = 900.0
DATA_BYTES = 3 << 30


@contextmanager
def attempt_folder(claim: ClaimedJob) -> Iterator[Path]:
    """Give one attempt of a job a folder of its own; what a killed attempt left there is removed first.

    Raises
    ------
    DiskFullError
        What the job will write does not fit: it waits for room.
    """
    root = work_folder("attempts")
    for leftover in root.glob(f"{claim.id}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    require_room_for_job(job_id=claim.id)
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
    checks_inputs: bool = False,
) -> dict[str, Any]:
    """Run a program over stored files, named as they were uploaded.

    Parameters
    ----------
    checks_inputs
        Whether the files are hashed beside the program: for those that compute numbers from all of their bytes.

    Raises
    ------
    SandboxError
        The file cannot be read; the error's finding says why. It may be that the stored bytes are damaged.
    DiskFullError
        The disk has no room for the results: the job waits for it.
    TransientError
        The machine is at fault (no confinement): the job is tried again.
    """
    inputs = locate_inputs(digests)
    size = sum(path.stat().st_size for path in inputs.values())
    wall_s = LEAST_WALL_S + size / SLOWEST_BYTES_PER_S
    limits = Limits(
        wall_s=wall_s,
        cpu_s=int(4 * wall_s),
        data_bytes=DATA_BYTES,
        free_bytes=settings.DISK_RESERVE_BYTES,
    )
    run = partial(
        run_confined,
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
    try:
        return _run_checked(run, inputs, digests) if checks_inputs else run()
    except InputDamagedError:
        raise
    except SandboxError as error:
        if isinstance(error, SandboxDiskFullError):
            raise find_shortage(job_folders()) or DiskFullError(error.finding.message) from error
        # A library without room may say anything, or crash; what a reader itself refuses is the file's.
        if not isinstance(error, SandboxRefusalError) and (shortage := find_shortage(job_folders())):
            raise shortage from error
        if error.is_retryable:
            raise TransientError(error.finding.message) from error
        raise


def _run_checked(
    run: Callable[[], dict[str, Any]], inputs: Mapping[str, Path], digests: Mapping[str, str]
) -> dict[str, Any]:
    """Run a program; where the stored bytes are damaged, neither its result nor its complaint is the file's."""
    with InputCheck(inputs, digests) as check:
        try:
            result = run()
        except SandboxError as error:
            if not error.is_retryable:
                check.require_whole()
            raise
        check.require_whole()
        return result
