"""A reader that crashes, hangs or grabs memory inside the pipeline: a finding, and the deposit goes on."""

from typing import Any

import pytest

import ingest.tasks  # noqa: F401 - registers the kinds of jobs
from confined import runs
from ingest.services import opening, recognition
from repository.models import Finding, Job, Measurement
from tests.factories import make_deposit, make_measurement, store_file
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stemma_home")]
PROGRAMS = "tests.unit.sandbox.programs.hostile"


@pytest.fixture(autouse=True)
def quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: True)


@pytest.mark.parametrize(
    ("program", "code", "severity"),
    [
        ("crash", "reader_crashed", "error"),
        ("hang", "reader_timeout", "warning"),
        ("raise_unknown", "reader_failed", "warning"),
    ],
)
def test_reader_that_ends_badly_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str, severity: str
) -> None:
    monkeypatch.setattr(opening, "PROGRAM", f"{PROGRAMS}:{program}")
    monkeypatch.setattr(runs, "LEAST_WALL_S", 3.0)
    deposit = make_deposit()
    measurement = make_measurement(deposit, store_file(deposit, "a.raw", b"bytes"), state="found")
    type(deposit).objects.filter(pk=deposit.pk).update(state="processing")
    job = Job.objects.create(kind="open_measurement", target=measurement.pk, deposit=deposit)
    run_job(str(job.pk))
    job.refresh_from_db()
    measurement.refresh_from_db()
    deposit.refresh_from_db()
    finding = Finding.objects.get(measurement=measurement, stage="reading")
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.message
    assert finding.hint
    assert (job.state, measurement.state) == (Job.State.DONE, Measurement.State.FAILED)
    assert deposit.state == "needs_attention"
    assert deposit.files.get().state == "stored"


def test_file_that_crashes_recognition_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is told to leave out the file at which it died, and goes on with the rest."""
    deposit = make_deposit()
    for name in ("a.txt", "bad.bin", "z.txt"):
        store_file(deposit, name, f"This is {name}.\n".encode())
    orders: list[Any] = []

    def crash_at_bad(**words: Any) -> Any:
        orders.append(list(words["request"]["skip"]))
        if "bad.bin" not in words["request"]["skip"]:
            words["on_message"]({"type": "progress", "fraction": 0.5, "message": "recognizing bad.bin"})
            words = {**words, "program": f"{PROGRAMS}:crash"}
        return runs.run_over_files(**words)

    monkeypatch.setattr(recognition, "run_over_files", crash_at_bad)
    job = Job.objects.create(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    type(deposit).objects.filter(pk=deposit.pk).update(state="submitted")
    run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert orders == [[], ["bad.bin"]]
    found = dict(
        Finding.objects.filter(stage="recognition", data_file__isnull=False).values_list(
            "data_file__path", "code"
        )
    )
    assert found == {"a.txt": "stored_not_read", "bad.bin": "reader_crashed", "z.txt": "stored_not_read"}
    assert set(deposit.files.values_list("state", flat=True)) == {"stored"}
