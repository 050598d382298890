"""A draft from before the rule for names, with a file that is a folder too, is read all the same."""

from typing import Any

import pytest

import ingest.tasks  # noqa: F401 - registers the kinds of jobs
from repository.models import Finding, Job
from repository.services.case_twins import list_case_twins
from repository.services.uploads import delete_file
from tests.factories import make_deposit, store_file
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]


@pytest.fixture(autouse=True)
def quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: True)


def inspect(deposit: Any) -> dict[str, set[str]]:
    job = Job.objects.create(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    type(deposit).objects.filter(pk=deposit.pk).update(state="submitted")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    found: dict[str, set[str]] = {}
    rows = Finding.objects.filter(deposit=deposit, stage="recognition", data_file__isnull=False)
    for path, code in rows.values_list("data_file__path", "code"):
        found.setdefault(path, set()).add(code)
    return found


def test_the_rest_is_read_and_the_person_is_told_what_to_remove() -> None:
    deposit = make_deposit()
    for path in ("x", "x/y.txt", "z.txt"):
        store_file(deposit, path, f"This is {path}.\n".encode())
    assert inspect(deposit) == {
        "x": {"path_clash"},
        "x/y.txt": {"stored_not_read"},
        "z.txt": {"stored_not_read"},
    }
    finding = Finding.objects.get(deposit=deposit, code="path_clash")
    assert finding.severity == "error"
    assert "x/y.txt" in finding.message
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="x")
    assert inspect(deposit) == {"x/y.txt": {"stored_not_read"}, "z.txt": {"stored_not_read"}}


def test_twins_are_named_also_where_one_is_a_folder() -> None:
    assert list(list_case_twins(["A.dm4", "a.dm4", "b.dm4"])) == [
        ("a.dm4", "The names A.dm4 and a.dm4 differ only in upper and lower case.")
    ]
    assert [path for path, _ in list_case_twins(["X", "x/y", "x/z", "d/a", "D/b"])] == ["x/y", "x/z"]
