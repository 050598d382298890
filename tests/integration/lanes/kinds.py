"""Kinds of jobs for tests, imported by the real workers: what lasts until a file is there, and what is done at once."""

from pathlib import Path

from django.conf import settings

from repository.services.jobs import ClaimedJob
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from tests.patience import wait_until


def ending_file(target: str) -> Path:
    return Path(settings.STEMMA_HOME) / f"may-end-{target}"


def _hold(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Occupy the process as a conversion does: the thread sleeps while a child would work."""

    def may_end() -> bool:
        progress.report(0.5, "holding")
        return ending_file(claim.target).exists()

    wait_until(may_end, "nobody let the job end", seconds=240)
    return _nothing


def _touch(_claim: ClaimedJob, _progress: JobProgress) -> Apply:
    return _nothing


def _nothing() -> None:
    return


def _tell_nobody(_claim: ClaimedJob, _reason: str) -> None:
    return


register_kind("hold", JobKind(work=_hold, apply_failure=_tell_nobody, lane="long"))
register_kind("long_touch", JobKind(work=_touch, apply_failure=_tell_nobody, lane="long"))
register_kind("short_touch", JobKind(work=_touch, apply_failure=_tell_nobody, lane="short"))
