"""An edit judges what it is about, costs as many queries in a large deposit as in a small one, and holds up nobody."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

import ingest.tasks  # noqa: F401 - registers its kinds of jobs
from ingest.workflows import read_deposit_again
from repository.models import ArrayObject, DataFile, Deposit, Finding
from repository.schema import validate_measurement
from repository.schema.findings import Finding as Found
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import Visitor
from repository.services import judgements
from repository.services.deposits import update_deposit
from repository.services.fixity import record_damage
from repository.services.measurements import (
    ConvertedSignal,
    GroupedFiles,
    record_conversion,
    record_opening,
    record_reading_failure,
    record_recognition,
)
from repository.services.publishing import publish_deposit
from repository.services.validation import validate_after_reading, validate_deposit
from tests.deposits import DESCRIBED, add_measurement, make_ready, publish, settle
from tests.factories import make_deposit, store_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def edit(deposit: Deposit, patch: Any) -> None:
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=patch)
    read_deposit_again(deposit_id=deposit.pk)


def make_many(number: int) -> Deposit:
    deposit = make_deposit()
    for index in range(number):
        add_measurement(deposit, f"{index:03}.raw", technique=["four_d_stem"])
    return settle(deposit)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the documents that are judged from now on."""
    documents: list[Any] = []

    def note(document: Any, **known: Any) -> Any:
        documents.append(document)
        return validate_measurement(document, **known)

    monkeypatch.setattr(judgements, "validate_measurement", note)
    return documents


@pytest.mark.parametrize(
    ("patch", "count"),
    [
        ({"dataset": {"abstract": "Another one."}}, 0),
        ({"defaults": {"level": "raw"}}, 6),
        ({"measurements": {"003.raw": {"level": "raw"}}}, 1),
        ({"measurements": {"gone.raw": {"level": "raw"}}}, 0),
    ],
)
def test_an_edit_judges_what_it_is_about(patch: dict[str, Any], count: int, judged: list[Any]) -> None:
    deposit = make_many(6)
    judged.clear()
    edit(deposit, patch)
    assert len(judged) == count
    read_deposit_again(deposit_id=deposit.pk)
    assert len(judged) == count


def test_an_edit_asks_as_much_of_the_database_in_a_large_deposit_as_in_a_small_one() -> None:
    asked = []
    for size in (3, 24):
        deposit = make_many(size)
        with CaptureQueriesContext(connection) as queries:
            edit(deposit, {"defaults": {"level": "raw"}})
            describe_deposit(Visitor(deposit.owner), Deposit.objects.get(pk=deposit.pk))
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_twice_the_measurements_settle_with_twice_the_queries() -> None:
    """From recognized files to a settled deposit, as jobs end one after the other."""
    asked = []
    for size in (12, 24):
        deposit = make_deposit()
        paths = [f"{number:03}.raw" for number in range(size)]
        for path in paths:
            store_file(deposit, path, path.encode())
        Deposit.objects.filter(pk=deposit.pk).update(state="processing")
        with CaptureQueriesContext(connection) as queries:
            record_recognition(
                deposit=deposit,
                files=(),
                groups=[GroupedFiles("empad", (path,)) for path in paths],
                findings={},
            )
            validate_deposit(deposit_id=deposit.pk)
            for one in deposit.measurements.select_related("deposit", "primary_file"):
                record_opening(
                    measurement=one, reader="test 1", hints={}, header={}, extracted=DESCRIBED, looked_for={},
                    personal_pointers={}, signals=(), findings=(),
                )  # fmt: skip
                validate_after_reading(deposit_id=deposit.pk, measurement_id=one.pk)
        asked.append(len(queries))
    assert asked[0] > 12
    assert asked[1] <= 2 * asked[0]


def test_publishing_judges_everything_anew(judged: list[Any]) -> None:
    deposit = make_ready()
    judged.clear()
    publish(deposit)
    assert len(judged) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["edit", "publish"])
def test_the_deposit_can_be_written_to_while_its_measurements_are_judged(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = make_many(3)
    free: list[bool] = []

    def try_to_lock() -> None:
        try:
            with transaction.atomic():
                Deposit.objects.select_for_update(nowait=True).get(pk=deposit.pk)
                free.append(True)
        except OperationalError:
            free.append(False)
        finally:
            connection.close()

    def judge(document: Any, **known: Any) -> Any:
        other = threading.Thread(target=try_to_lock)
        other.start()
        other.join()
        return validate_measurement(document, **known)

    monkeypatch.setattr(judgements, "validate_measurement", judge)
    if act == "edit":
        edit(deposit, {"defaults": {"level": "raw"}})
    else:
        with pytest.raises(Exception, match="cannot be published"):
            publish_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    assert free == [True] * 3


def test_a_job_judges_nothing_that_it_did_not_change(judged: list[Any]) -> None:
    deposit = make_many(3)
    judged.clear()
    for measurement in deposit.measurements.all():
        validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)
    assert judged == []


def test_an_array_that_was_converted_again_is_not_called_damaged_any_more() -> None:
    """What is said of the whole is looked at once more when the last file is read."""
    deposit = make_ready()
    measurement = deposit.measurements.select_related("deposit", "primary_file").get()
    array = ArrayObject.objects.filter(signal__measurement=measurement).earliest("pk")
    record_damage(array.sha256, "It is missing.")
    validate_deposit(deposit_id=deposit.pk)
    assert deposit.findings.filter(code="damaged_array").exists()
    again = ConvertedSignal(name="data", statistics={})
    record_conversion(measurement=measurement, optics={}, converted=[again], findings=())
    validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)
    assert not deposit.findings.filter(code="damaged_array").exists()


def test_what_could_not_be_read_after_all_is_not_asked_for_answers() -> None:
    """It is left out of the version: what its header lacks must not keep the others from being published."""
    deposit = make_many(1)
    assert deposit.findings.filter(stage="validation", severity="error", measurement__isnull=False).exists()
    measurement = deposit.measurements.select_related("deposit", "primary_file").get()
    finding = Found("warning", "conversion_failed", "It stopped.", layer="reading")
    record_reading_failure(measurement=measurement, stage=Finding.Stage.CONVERSION, finding=finding, hints={})
    validate_after_reading(deposit_id=deposit.pk, measurement_id=measurement.pk)
    assert not deposit.findings.filter(stage="validation", measurement__isnull=False).exists()
    assert DataFile.objects.filter(deposit=deposit).exists()
