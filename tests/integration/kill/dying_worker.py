"""A process that takes a job as a worker does, and dies over it: python dying_worker.py JOB."""

import os
import signal
import sys

import django

django.setup()

from repository.services.jobs import ClaimedJob  # noqa: E402 - after the app registry
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind  # noqa: E402
from tests.job_running import run_job  # noqa: E402


def die(_claim: ClaimedJob, _progress: JobProgress) -> Apply:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


register_kind("poison", JobKind(work=die, apply_failure=lambda _claim, _reason: None, lane="short"))
run_job(sys.argv[1])
