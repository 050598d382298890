"""What one settled job asks of the database does not grow with the deposit that it belongs to."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from confined.measurement_jobs import build_measurement_job
from repository.models import Deposit, Finding, Measurement
from repository.schema import validate_measurement
from repository.schema.findings import Finding as Found
from repository.services import judgements, validation
from repository.services.jobs import create_job
from repository.tasks import job_kinds
from repository.tasks.job_kinds import JobProgress
from tests.deposits import add_measurement
from tests.factories import make_deposit
from tests.job_running import run_job

pytestmark = pytest.mark.django_db
FEW, MANY = 2, 12
_STATEMENT = re.compile(r'(SELECT|UPDATE|INSERT|DELETE)\b.*?"(repository_\w+)"')


class _Answer:
    """What confined work found: a new word in the header."""

    def record(self, measurement: Measurement) -> None:
        measurement.extracted = {**measurement.extracted, "technique": ["eels"]}
        measurement.save(update_fields=["extracted"])


def _read(*, measurement: Measurement, output: Any, progress: JobProgress) -> _Answer:
    return _Answer()


def _fail(*, measurement: Measurement, output: Any, progress: JobProgress) -> _Answer:
    from confined.sandbox import ReaderCrashedError

    raise ReaderCrashedError(
        Found(severity="error", code="reader_crashed", message="It crashed.", layer="reading")
    )


@pytest.fixture(autouse=True)
def _jobs(monkeypatch: pytest.MonkeyPatch, stemma_home: Any) -> None:
    monkeypatch.setattr(job_kinds, "_kinds", {})
    # It would close the connection that holds the test's own transaction.
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)


def _register(work: Any) -> None:
    job = build_measurement_job(
        work, stage=Finding.Stage.CONVERSION, code="conversion_failed", sentence="No", lane="short"
    )
    job_kinds.register_kind("convert_measurement", job)


def _make_processing(n_measurements: int) -> tuple[Deposit, list[Measurement]]:
    deposit = make_deposit()
    measurements = [add_measurement(deposit, f"{number:03}.raw") for number in range(n_measurements)]
    validation.validate_deposit(deposit_id=deposit.pk)
    Deposit.objects.filter(pk=deposit.pk).update(state="processing")
    return deposit, measurements


def _settle(deposit: Deposit, measurement: Measurement) -> None:
    run_job(str(create_job(kind="convert_measurement", target=measurement.pk, deposit=deposit).pk))


@pytest.mark.parametrize("work", [_read, _fail])
def test_the_queries_of_a_job_do_not_grow_with_the_deposit(work: Any) -> None:
    _register(work)
    asked = []
    for size in (FEW, MANY):
        deposit, measurements = _make_processing(size)
        with CaptureQueriesContext(connection) as queries:
            _settle(deposit, measurements[0])
        asked.append([found.groups() for query in queries if (found := _STATEMENT.match(query["sql"]))])
    assert len(asked[0]) > 10
    assert asked[0] == asked[1]


def test_a_job_checks_its_own_measurement_only(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(_read)
    deposit, measurements = _make_processing(MANY)
    checked = []

    def note(document: Any, **known: Any) -> Any:
        checked.append(document["technique"])
        return validate_measurement(document, **known)

    monkeypatch.setattr(judgements, "validate_measurement", note)
    _settle(deposit, measurements[3])
    assert checked == [["eels"]]
    assert Measurement.objects.get(pk=measurements[3].pk).techniques == ["eels"]
    assert Measurement.objects.get(pk=measurements[4].pk).techniques == ["other"]


def test_the_state_follows_the_last_job(stemma_home: Any) -> None:
    """What the checks of single measurements leave behind is what a check of everything says."""
    _register(_read)
    deposit, measurements = _make_processing(FEW)
    waiting = create_job(kind="open_measurement", target=measurements[1].pk, deposit=deposit)
    _settle(deposit, measurements[0])
    deposit.refresh_from_db()
    assert deposit.state == "processing"
    waiting.delete()
    _settle(deposit, measurements[1])
    deposit.refresh_from_db()
    assert deposit.state == "needs_attention"

    def list_found() -> list[tuple[Any, ...]]:
        fields = ("measurement_id", "stage", "code", "pointer", "message")
        return sorted(Finding.objects.values_list(*fields), key=str)

    found = list_found()
    assert {pk for pk, *_ in found} >= {measurement.pk for measurement in measurements}
    validation.validate_deposit(deposit_id=deposit.pk)
    deposit.refresh_from_db()
    assert (deposit.state, list_found()) == ("needs_attention", found)
