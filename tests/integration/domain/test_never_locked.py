"""While the server reads, everything can be answered: only what an answer changes is read or reduced again."""

from dataclasses import dataclass
from typing import Any

import pytest

import ingest.tasks  # noqa: F401 - registers its kinds of jobs
from confined.sandbox import SandboxError
from ingest.services.recognition import Recognition
from processing.services.optics import build_optics
from processing.workflows import refresh_deposit, submit_deposit
from repository.errors import NotPublishableError, StateConflictError
from repository.models import Deposit, Finding, Job, Measurement
from repository.schema.findings import Finding as Found
from repository.selectors.session_table import describe_table
from repository.selectors.visibility import Visitor
from repository.selectors.work import describe_work
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, write_answers
from repository.services.deposits import update_deposit
from repository.services.jobs import claim_job, complete_job, lock_claim
from repository.services.measurements import GroupedFiles, RecognizedFile, record_reading_failure
from repository.services.publishing import publish_deposit
from repository.services.validation import stop_reading, validate_after_reading
from repository.tasks.job_kinds import JobProgress, get_kind
from repository.workflows.jobs import enqueue_job
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@dataclass
class Session:
    """Two converted scans of a deposit whose checks are settled."""

    deposit: Deposit
    first: Measurement
    second: Measurement

    def answer(self, field: str, value: Any, *measurements: Measurement) -> TableChange:
        keys = tuple(one.pk for one in measurements)
        level = "measurement" if keys else "all"
        wish = Wish(field=field, level=level, act="value", keys=keys, value=value)  # type: ignore[arg-type]
        change = write_answers(deposit_id=self.deposit.pk, actor=self.deposit.owner, wishes=[wish])
        refresh_deposit(deposit_id=self.deposit.pk, measurement_ids=change.measurement_ids)
        self.deposit.refresh_from_db()
        return change

    def list_jobs(self, *states: str) -> list[tuple[str, str]]:
        jobs = Job.objects.filter(deposit=self.deposit, state__in=states or ("queued", "running"))
        return sorted(jobs.values_list("kind", "target"))


@pytest.fixture
def session() -> Session:
    deposit = make_deposit()
    first, second = (add_measurement(deposit, f"{name}.raw", technique=["four_d_stem"]) for name in "ab")
    settle(deposit)
    deposit.refresh_from_db()
    for one in (first, second):  # what its products were made with is what its metadata say
        one.refresh_from_db()
        one.calibration = build_optics(one.present_document).as_dict()
        one.save()
    return Session(deposit, first, second)


@pytest.mark.parametrize("state", ["submitted", "processing"])
def test_description_and_answers_are_taken_while_the_server_reads(session: Session, state: str) -> None:
    enqueue_job(kind="inspect_deposit", target=session.deposit.pk, deposit=session.deposit)
    Deposit.objects.filter(pk=session.deposit.pk).update(state=state)
    described = update_deposit(
        deposit_id=session.deposit.pk, actor=session.deposit.owner, patch={"dataset": {"title": "Meanwhile"}}
    )
    refresh_deposit(deposit_id=session.deposit.pk)
    change = session.answer("camera.name", "EMPAD", session.first)
    assert (described.title, change.count("saved")) == ("Meanwhile", 1)
    assert session.deposit.state in {state, "processing"}
    assert session.list_jobs() == [("inspect_deposit", session.deposit.pk)], "the answers began nothing"
    assert Measurement.objects.get(pk=session.first.pk).document["camera"] == {
        "name": "EMPAD",
        "mode": {"value": "charge_integrating", "source": "derived"},
    }
    assert describe_work(session.deposit).is_working


def test_a_scan_shape_reads_that_file_again_and_no_other(session: Session) -> None:
    converting = enqueue_job(kind="convert_measurement", target=session.second.pk, deposit=session.deposit)
    claim = claim_job(job_id=converting.pk)
    assert claim is not None
    Deposit.objects.filter(pk=session.deposit.pk).update(state="processing")
    session.answer("scan_shape", "2 × 8", session.first)
    assert session.list_jobs() == [
        ("convert_measurement", session.second.pk),
        ("open_measurement", session.first.pk),
    ]
    lock_claim(claim=claim)  # the other measurement's worker still holds its work
    complete_job(claim=claim)
    # The same answer once more, or another field, begins nothing.
    session.answer("scan_shape", "2 × 8", session.first)
    session.answer("notes", "windy", session.first)
    assert session.list_jobs() == [("open_measurement", session.first.pk)]


def test_work_with_former_words_is_given_up_for_that_measurement_alone(session: Session) -> None:
    claims = {}
    for one in (session.first, session.second):
        job = enqueue_job(kind="convert_measurement", target=one.pk, deposit=session.deposit)
        claims[one.pk] = claim_job(job_id=job.pk)
    Deposit.objects.filter(pk=session.deposit.pk).update(state="processing")
    session.answer("scan_shape", "2 × 8", session.first)
    assert session.list_jobs("cancelled") == [("convert_measurement", session.first.pk)]
    assert ("convert_measurement", session.second.pk) in session.list_jobs("running")


def test_answers_in_a_row_leave_the_opening_alone_that_the_first_began(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.answer("scan_shape", "2 × 8", session.first)
    claim = claim_job(job_id=Job.objects.get(kind="open_measurement").pk)
    assert claim is not None
    problem = Found("error", "frames_missing", "16 frames are no 2 × 8.", layer="reading")

    def fail_while_they_type(**_: Any) -> Any:
        session.answer("notes", "windy", session.first)
        session.answer("scan_shape", "4 × 4", session.first)
        raise SandboxError(problem)

    monkeypatch.setattr("ingest.services.opening.run_over_files", fail_while_they_type)
    apply = get_kind("open_measurement").work(claim, JobProgress())
    lock_claim(claim=claim)  # the worker still holds its work
    complete_job(claim=claim)
    assert session.list_jobs() == []
    apply()
    assert Measurement.objects.get(pk=session.first.pk).hints == {"scan_shape": [2, 8]}
    assert session.list_jobs() == [("open_measurement", session.first.pk)], "once more, with what stands now"


def test_an_angle_reduces_again_what_depends_on_it_and_reads_nothing(session: Session) -> None:
    session.answer("semi_convergence_angle", "21 mrad", session.first)
    assert session.list_jobs() == [("reduce_measurement", session.first.pk)]
    assert session.deposit.state == "processing"
    session.answer("sample.preparation", "exfoliated")
    assert session.list_jobs() == [("reduce_measurement", session.first.pk)]


def test_a_reader_that_fails_on_reading_again_takes_nothing_with_it(session: Session) -> None:
    session.answer("scan_shape", "2 × 8", session.first)
    Job.objects.filter(deposit=session.deposit).update(state="done")
    measurement = Measurement.objects.select_related("deposit", "primary_file").get(pk=session.first.pk)
    problem = Found(
        "error", "frames_missing", "16 frames are no 2 × 8.", hint="Give another shape.", layer="reading"
    )
    record_reading_failure(
        measurement=measurement,
        stage=Finding.Stage.READING,
        finding=problem,
        hints={"scan_shape": [2, 8]},
    )
    validate_after_reading(deposit_id=session.deposit.pk, measurement_id=measurement.pk)
    session.answer("camera.name", "EMPAD", session.second)
    session.answer("camera.name", "Empad G2", session.first)
    table = describe_table(Visitor(session.deposit.owner), session.deposit, size=10)
    rows = {row.id: row for row in table.rows}
    failed, other = rows[session.first.pk], rows[session.second.pk]
    assert (failed.state, failed.problem) == ("failed", "16 frames are no 2 × 8.")
    assert "Give another shape." in failed.hint
    assert failed.cells["camera.name"]["text"] == "Empad G2", "what was said of it is there"
    assert (other.state, other.problem) == ("converted", "")
    session.answer("scan_shape", "4 × 4", session.first)
    assert session.list_jobs() == [("open_measurement", session.first.pk)]


def test_reading_is_broken_off_and_goes_on_where_it_was(session: Session) -> None:
    late = add_measurement(session.deposit, "late.raw")
    Measurement.objects.filter(pk=late.pk).update(state="found")
    job = enqueue_job(kind="open_measurement", target=late.pk, deposit=session.deposit)
    Deposit.objects.filter(pk=session.deposit.pk).update(state="processing")
    with pytest.raises((NotPublishableError, StateConflictError)):
        publish_deposit(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    stopped = stop_reading(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    job.refresh_from_db()
    assert (stopped.state, job.state) == ("draft", "cancelled")
    session.answer("camera.name", "EMPAD", session.first)
    with pytest.raises(StateConflictError):
        stop_reading(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    submit_deposit(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    assert session.list_jobs() == [("inspect_deposit", session.deposit.pk)]
    assert Measurement.objects.get(pk=session.first.pk).state == "converted"


def test_a_shape_whose_reading_was_stopped_is_read_when_the_deposit_is_handed_in_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.answer("scan_shape", "2 × 8", session.first)
    stop_reading(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    submit_deposit(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    both = (session.first, session.second)
    files = [RecognizedFile(one.primary_file.path, one.format, "EMPAD", is_read=True) for one in both]
    groups = [GroupedFiles(one.format, (one.primary_file.path,)) for one in both]
    found = Recognition(files=files, groups=groups)
    monkeypatch.setattr("ingest.tasks.recognize_deposit", lambda **_: found)
    claim = claim_job(job_id=Job.objects.get(kind="inspect_deposit", state="queued").pk)
    assert claim is not None
    apply = get_kind("inspect_deposit").work(claim, JobProgress())
    complete_job(claim=claim)
    apply()
    assert session.list_jobs() == [("open_measurement", session.first.pk)]


def test_pictures_that_are_made_anew_are_not_broken_off(session: Session) -> None:
    session.answer("semi_convergence_angle", "21 mrad", session.first)
    stopped = stop_reading(deposit_id=session.deposit.pk, actor=session.deposit.owner)
    assert stopped.state == "processing"
    assert session.list_jobs() == [("reduce_measurement", session.first.pk)]


def test_what_runs_what_waits_and_how_long_is_told(session: Session) -> None:
    jobs = [
        enqueue_job(kind="convert_measurement", target=one.pk, deposit=session.deposit)
        for one in (session.first, session.second)
    ]
    claim_job(job_id=jobs[0].pk)
    Job.objects.filter(pk=jobs[0].pk).update(fraction=0.5)
    Deposit.objects.filter(pk=session.deposit.pk).update(state="processing")
    session.deposit.refresh_from_db()
    work = describe_work(session.deposit)
    assert [(one.path, one.reading.step) for one in work.running] == [("a.raw", "converting")]
    assert (work.waiting, work.position) == (1, 0)
    size = 4 * 4 * 128 * 128 * 4
    assert work.bytes_left == size + size // 2
    assert work.seconds_left is not None
    assert work.seconds_left > 0
    assert not work.is_measured
