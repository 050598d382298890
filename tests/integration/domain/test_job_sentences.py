"""What people read of a job that fails or waits: sentences, and neither a folder nor a class of the program."""

import tempfile
from typing import Any

import pytest

from repository.errors import DiskFullError
from repository.models import Job
from repository.schema.plain_text import UNKNOWN_FAULT
from repository.selectors.jobs import describe_job
from repository.selectors.progress import describe_progress
from repository.selectors.visibility import Visitor
from repository.services.disk import WAITING
from repository.services.jobs import ClaimedJob, create_job
from repository.tasks import job_kinds
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from tests.factories import make_deposit
from tests.job_running import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the domain was told about failures of jobs."""
    monkeypatch.setattr(job_kinds, "_kinds", {})
    # It would close the connection that holds the test's own transaction.
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)
    return []


def run_raising(fault: Exception, told: list[str], **fields: Any) -> Job:
    """Return a job after an attempt that met a fault."""

    def work(_claim: ClaimedJob, _progress: JobProgress) -> Apply:
        raise fault

    def hear(_claim: ClaimedJob, reason: str) -> None:
        told.append(reason)

    register_kind("test", JobKind(work=work, apply_failure=hear, lane="long"))
    job = create_job(kind="test", target="a", deposit=make_deposit(), **fields)
    run_job(str(job.pk))
    return Job.objects.select_related("deposit__owner").get(pk=job.pk)


def test_the_words_of_an_unknown_fault_reach_no_person(told: list[str]) -> None:
    """The row keeps them for the operator; the owner and the finding say that it is the server's mistake."""
    job = run_raising(OSError(2, "No such file", "/usr/lib/python3/secret.py"), told, max_attempts=1)
    assert job.deposit is not None
    assert "secret.py" in job.reason
    shown = (
        describe_job(Visitor(job.deposit.owner), job.pk).reason,
        *describe_progress(job.deposit).failed,
        *told,
    )
    assert shown == (UNKNOWN_FAULT,) * 3


def test_why_a_job_waits_shows_no_folder(told: list[str]) -> None:
    place = f"{tempfile.gettempdir()}/work/run"
    job = run_raising(DiskFullError(f"OSError: [Errno 28] {place}/a.zarr does not fit."), told)
    assert job.deposit is not None
    assert place in job.message
    view = describe_job(Visitor(job.deposit.owner), job.pk)
    for text in (view.message, view.reason, describe_progress(job.deposit).message):
        assert text.startswith(f"{WAITING}: ")
        assert "…/a.zarr does not fit." in text
        assert [word for word in (place, "OSError", "Errno") if word in text] == []
