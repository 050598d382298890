"""Whatever is done in whatever order, a state only changes as `repository/states.py` says; of two who try, one does."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ingest.tasks
import processing.tasks  # noqa: F401 - they register their kinds of jobs
from confined.hints import build_hints
from confined.measurement_jobs import build_measurement_job
from confined.sandbox import ReaderCrashedError
from ingest.services.recognition import Recognition
from ingest.workflows import follow_opening
from processing import workflows
from processing.services.optics import build_optics
from repository.errors import LeaseLostError, RepositoryError, StateConflictError, TransientError
from repository.models import Deposit, Finding, Job, Measurement
from repository.schema.findings import Finding as Found
from repository.services.deposits import move_deposit, move_if_possible, update_deposit
from repository.services.jobs import cancel_jobs, claim_job, complete_job, create_job
from repository.services.measurements import (
    ConvertedSignal,
    GroupedFiles,
    RecognizedFile,
    SignalDescription,
    record_conversion,
    record_opening,
)
from repository.services.publishing import start_new_version
from repository.services.storage import upload_file
from repository.services.succession import discard_new_version
from repository.services.uploads import complete_upload, delete_file, start_upload
from repository.services.validation import stop_reading
from repository.states import DepositMove, DepositState, JobMove, JobState, MeasurementMove, MeasurementState
from repository.tasks import job_kinds
from repository.tasks.jobs import fail_exhausted
from tests.deposits import AXES, DESCRIBED, make_ready
from tests.factories import make_deposit, store_file
from tests.job_running import run_job
from tests.patience import patient

pytestmark = pytest.mark.django_db
TABLES: dict[str, tuple[str, type[Enum]]] = {
    "repository_deposit": (DepositState.DRAFT, DepositMove),
    "repository_measurement": (MeasurementState.FOUND, MeasurementMove),
    "repository_job": (JobState.QUEUED, JobMove),
}
Step = tuple[str, str, str]  # table, from (empty: the row is new), to


@contextmanager
def watch() -> Iterator[set[Step]]:
    """Collect every change of a state by every statement, also of those that a later one undoes."""
    seen: set[Step] = set()

    def read(table: str) -> dict[Any, str]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, state FROM {table}")  # noqa: S608 - one of three names
            return dict(cursor.fetchall())

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        begins = ("UPDATE", "INSERT INTO")
        table = next(
            (name for name in TABLES if sql.startswith(tuple(f'{verb} "{name}"' for verb in begins))), ""
        )
        if not table:
            return execute(sql, *rest)
        before = read(table)
        result = execute(sql, *rest)
        after = read(table)
        seen.update((table, before.get(pk, ""), now) for pk, now in after.items() if before.get(pk) != now)
        return result

    with connection.execute_wrapper(note):
        yield seen


def list_ways() -> set[Step]:
    """Return every change that the tables have."""
    ways = {(table, "", str(first)) for table, (first, _) in TABLES.items()}
    for table, (_, moves) in TABLES.items():
        ways |= {
            (table, str(source), str(move.value.target)) for move in moves for source in move.value.sources
        }
    return ways


# What confined programs would have found.


@dataclass(frozen=True)
class Opened:
    def record(self, measurement: Measurement) -> None:
        hints = build_hints(measurement.deposit.document, measurement.primary_file.path)
        shape = (*hints.get("scan_shape", (4, 4)), 128, 128)
        axes = tuple({**axis, "size": size} for axis, size in zip(AXES, shape, strict=True))
        signal = SignalDescription("data", "", shape, "float32", axes, 2, "", "file", "")
        record_opening(
            measurement=measurement,
            reader="test 1",
            hints=hints,
            header={},
            extracted=DESCRIBED,
            looked_for={},
            personal_pointers={},
            signals=(signal,),
            findings=(),
        )


@dataclass(frozen=True)
class Converted:
    def record(self, measurement: Measurement) -> None:
        record_conversion(
            measurement=measurement,
            optics=build_optics(measurement.document).as_dict(),
            converted=[ConvertedSignal(name="data", statistics={"kind": "pattern_scan"})],
            findings=(),
        )


@dataclass(frozen=True)
class Reduced:
    def record(self, measurement: Measurement) -> None:
        """Everything is as it was."""


class Reader:
    """Stands for the programs: says the same of every file, or fails where it is told to."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    def recognize(self, *, deposit: Deposit, **_: Any) -> Recognition:
        self._fail()
        paths = [file.path for file in deposit.current_files.filter(state="stored")]
        return Recognition(
            files=[RecognizedFile(path=path, format="empad", label="EMPAD", is_read=True) for path in paths],
            groups=[GroupedFiles(format="empad", paths=(path,)) for path in paths],
        )

    def make(self, made: Any, **_: Any) -> Any:
        self._fail()
        return made

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, stemma_home: Any) -> Reader:
    """Let the real jobs run without their programs; bells ring for nobody, the test does the jobs itself."""
    reader = Reader()
    monkeypatch.setattr(ingest.tasks, "recognize_deposit", reader.recognize)
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: True)
    # It would close the connection that holds the test's own transaction.
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)
    stages = {
        "open_measurement": (Opened(), Finding.Stage.READING, follow_opening),
        "convert_measurement": (Converted(), Finding.Stage.CONVERSION, lambda _: None),
        "reduce_measurement": (Reduced(), Finding.Stage.REDUCTION, lambda _: None),
    }
    kinds = {
        kind: build_measurement_job(
            partial(reader.make, made), stage=stage, code="failed", sentence="No", lane="short", follow=follow
        )
        for kind, (made, stage, follow) in stages.items()
    }
    monkeypatch.setattr(job_kinds, "_kinds", {**job_kinds._kinds, **kinds})
    return reader


class Session:
    """A deposit, and everything that may be done with it; what is refused changes nothing."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.deposit = make_deposit()
        self.number = 0
        store_file(self.deposit, "first.raw", f"{self.deposit.pk}".encode())

    def submit(self) -> None:
        workflows.submit_deposit(deposit_id=self.deposit.pk, actor=self.deposit.owner)

    def check(self) -> None:
        workflows.submit_deposit(deposit_id=self.deposit.pk, actor=self.deposit.owner, until="opened")

    def work(self) -> None:
        self._take()

    def work_on_a_bad_file(self) -> None:
        crash = Found(severity="error", code="reader_crashed", message="It crashed.", layer="reading")
        self._take(ReaderCrashedError(crash))

    def work_on_a_bad_day(self) -> None:
        self._take(TransientError("The store does not answer."))

    def lose_every_worker(self) -> None:
        job = self._next()
        if job is not None:
            Job.objects.filter(pk=job.pk).update(attempt=F("max_attempts"))
            fail_exhausted(job.pk)

    def settle(self) -> None:
        while self._next() is not None:
            self._take()

    def _next(self) -> Job | None:
        return Job.objects.filter(deposit=self.deposit, state="queued").order_by("created_at", "id").first()

    def _take(self, fault: Exception | None = None) -> None:
        job = self._next()
        if job is not None:
            self.reader.fault = fault
            Job.objects.filter(pk=job.pk).update(not_before=F("created_at"))
            run_job(str(job.pk))
            self.reader.fault = None

    def answer_otherwise(self) -> None:
        """Say another scan shape: what was read is read again."""
        self.number += 1
        self._answer({"defaults": {"scan_shape": {"value": [self.number, 16]}}})

    def break_off(self) -> None:
        stop_reading(deposit_id=self.deposit.pk, actor=self.deposit.owner)

    def forget_the_title(self) -> None:
        self._answer({"dataset": {"title": None}})

    def write_a_title(self) -> None:
        self._answer({"dataset": {"title": "A monolayer"}})

    def _answer(self, patch: dict[str, Any]) -> None:
        update_deposit(deposit_id=self.deposit.pk, actor=self.deposit.owner, patch=patch)
        workflows.refresh_deposit(deposit_id=self.deposit.pk)

    def acknowledge(self) -> None:
        codes = set(self.deposit.findings.filter(severity="warning").values_list("code", flat=True))
        update_deposit(
            deposit_id=self.deposit.pk,
            actor=self.deposit.owner,
            accepted_warnings=[{"code": code} for code in sorted(codes)],
        )
        workflows.refresh_deposit(deposit_id=self.deposit.pk)

    def add_file(self) -> None:
        self.number += 1
        content = f"frames {self.number} of {self.deposit.pk}".encode()
        plan = start_upload(
            deposit_id=self.deposit.pk, actor=self.deposit.owner, path=f"{self.number}.raw", size=len(content)
        )
        assert plan.upload_id is not None
        upload_file(plan.upload_id).write_bytes(content)
        complete_upload(upload_id=plan.upload_id, sha256=hashlib.sha256(content).hexdigest())

    def remove_file(self) -> None:
        path = self.deposit.current_files.values_list("path", flat=True).last()
        delete_file(deposit_id=self.deposit.pk, actor=self.deposit.owner, path=path or "none.raw")

    def ask_for_a_recipe(self) -> None:
        measurement = self.deposit.current_measurements.first()
        if measurement is not None:
            workflows.request_reduction(
                measurement_id=measurement.pk,
                actor=self.deposit.owner,
                recipe="radial_profile",
                parameters={},
            )

    def publish(self) -> None:
        workflows.publish_dataset_version(deposit_id=self.deposit.pk, actor=self.deposit.owner)

    def start_version(self) -> None:
        start_new_version(deposit_id=self.deposit.pk, actor=self.deposit.owner)

    def discard_version(self) -> None:
        discard_new_version(deposit_id=self.deposit.pk, actor=self.deposit.owner)

    def do(self, name: str) -> None:
        with suppress(RepositoryError):
            getattr(self, name)()


ACTS = [
    name for name in vars(Session) if not name.startswith("_") and name != "do" and callable(vars(Session)[name])
]  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.sampled_from(ACTS), min_size=4, max_size=18))
def test_no_order_of_acts_leaves_the_tables(reader: Reader, acts: list[str]) -> None:
    with watch() as seen:
        session = Session(reader)
        for act in acts:
            session.do(act)
    assert seen - list_ways() == set()


def test_every_way_of_a_deposit_and_a_measurement_is_taken(reader: Reader) -> None:
    with watch() as seen:
        session = Session(reader)
        for act in (
            "check", "settle", "submit", "settle", "acknowledge", "ask_for_a_recipe", "settle", "forget_the_title",
            "write_a_title", "answer_otherwise", "settle", "add_file", "submit", "work", "work_on_a_bad_file",
            "work_on_a_bad_day", "settle", "remove_file", "submit", "settle", "publish", "start_version", "add_file",
            "submit", "break_off", "submit", "lose_every_worker", "discard_version",
        ):  # fmt: skip
            session.do(act)
            session.deposit.refresh_from_db()
    assert seen - list_ways() == set()
    for table in ("repository_deposit", "repository_measurement"):
        for move in TABLES[table][1]:
            ways = {(table, str(source), str(move.value.target)) for source in move.value.sources}
            assert ways & seen, f"{move} was not taken by {sorted(seen)}"


def test_a_deposit_that_has_moved_on_is_not_moved_by_what_was_read_of_it_before() -> None:
    deposit = make_deposit()
    stale = Deposit.objects.get(pk=deposit.pk)
    assert move_if_possible(deposit_id=deposit.pk, move=DepositMove.SUBMIT)
    with pytest.raises(StateConflictError, match="was draft when it was looked at"):
        move_deposit(stale, DepositMove.CHANGE_FILES)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.revision) == ("submitted", 2)
    assert not move_if_possible(deposit_id=deposit.pk, move=DepositMove.PUBLISH)


@pytest.mark.parametrize("act", [complete_job, "cancelled"])
def test_a_settled_job_stays_as_it_is(act: Any) -> None:
    job = create_job(kind="open_measurement", target="none", deposit=make_deposit())
    claim = claim_job(job_id=job.pk)
    assert claim is not None
    assert job.deposit is not None
    if act == "cancelled":
        cancel_jobs(job.deposit)
    else:
        act(claim=claim)
    job.refresh_from_db()
    settled = job.state
    with pytest.raises(LeaseLostError):
        complete_job(claim=claim)
    cancel_jobs(job.deposit)
    assert claim_job(job_id=job.pk) is None
    job.refresh_from_db()
    assert job.state == settled


@pytest.mark.parametrize("word", ["publishing", ""])
def test_the_database_knows_the_words(word: str) -> None:
    deposit = make_deposit()
    with pytest.raises(IntegrityError, match="deposit_state_known"), transaction.atomic():
        Deposit.objects.filter(pk=deposit.pk).update(state=word)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_try_at_once_one_moves_the_deposit(stemma_home: Any) -> None:
    deposit = make_ready()
    revision = deposit.revision
    barrier = Barrier(6)

    def attempt(_: int) -> bool:
        barrier.wait(patient(60))
        try:
            return move_if_possible(deposit_id=deposit.pk, move=DepositMove.SUBMIT)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        moved = list(pool.map(attempt, range(6)))
    deposit.refresh_from_db()
    assert sum(moved) == 1
    assert (deposit.state, deposit.revision) == ("submitted", revision + 1)
