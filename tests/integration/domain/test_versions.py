"""A correction becomes a new version: files are left out or replaced, and what was published stays as it was."""

import hashlib
from typing import Any

import pytest

from ingest.workflows import read_deposit_again
from repository.errors import DepositAlreadyPublishedError, NotFoundError, StateConflictError
from repository.models import DataFile, Deposit, Job, Measurement
from repository.selectors.access import get_measurement
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import Visitor
from repository.services.deposits import update_deposit
from repository.services.measurements import GroupedFiles, RecognizedFile, record_recognition
from repository.services.publishing import start_new_version
from repository.services.storage import get_object_store, upload_file
from repository.services.succession import discard_new_version, replace_corrected
from repository.services.uploads import complete_upload, delete_file, start_upload
from tests.deposits import add_measurement, make_published, publish, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@pytest.fixture
def reopened() -> Deposit:
    """Return a published deposit that is open for its second version; it holds `scan.raw`."""
    deposit = make_published().dataset.deposit
    return start_new_version(deposit_id=deposit.pk, actor=deposit.owner)


def send(deposit: Deposit, path: str, content: bytes) -> DataFile:
    plan = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(content))
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(content)
    return complete_upload(upload_id=plan.upload_id, sha256=hashlib.sha256(content).hexdigest())


def read_first(deposit: Deposit) -> Any:
    return deposit.dataset.versions.get(number=1)


def test_while_it_is_published_no_file_is_taken_out() -> None:
    deposit = make_published().dataset.deposit
    with pytest.raises(DepositAlreadyPublishedError):
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="scan.raw")


def test_a_file_is_left_out_of_the_next_version_only(reopened: Deposit) -> None:
    add_measurement(reopened, "other.raw")
    delete_file(deposit_id=reopened.pk, actor=reopened.owner, path="scan.raw")
    shown = describe_deposit(Visitor(reopened.owner), reopened)
    assert [file.path for file in shown.files] == ["other.raw"]
    assert [measurement.path for measurement in shown.measurements] == ["other.raw"]
    second = publish(settle(reopened))
    first = read_first(reopened)
    assert [file.path for file in second.files.all()] == ["other.raw"]
    (kept,) = first.files.all()
    assert get_object_store().path_of(kept.sha256).exists()
    old = first.measurements.get().measurement
    assert get_measurement(Visitor(reopened.owner), old.pk, for_bytes=True).is_public
    start_new_version(deposit_id=reopened.pk, actor=reopened.owner)
    with pytest.raises(NotFoundError):
        delete_file(deposit_id=reopened.pk, actor=reopened.owner, path="scan.raw")


def test_a_path_may_hold_other_bytes_in_the_next_version(reopened: Deposit) -> None:
    before = reopened.files.get()
    delete_file(deposit_id=reopened.pk, actor=reopened.owner, path="scan.raw")
    after = send(reopened, "scan.raw", b"the right frames")
    assert (after.pk == before.pk, after.path) == (False, before.path)
    assert [file.pk for file in reopened.current_files] == [after.pk]
    assert read_first(reopened).files.get().sha256 == before.sha256


def test_a_corrected_answer_makes_a_successor(reopened: Deposit) -> None:
    old = reopened.measurements.get()
    document = {"measurements": {"scan.raw": {"acceleration_voltage": "120 kV"}}}
    update_deposit(deposit_id=reopened.pk, actor=reopened.owner, patch=document)
    Deposit.objects.filter(pk=reopened.pk).update(state="ready")
    read_deposit_again(deposit_id=reopened.pk)
    (new,) = reopened.current_measurements
    assert (new.replaces_id, new.state, new.primary_file_id) == (old.pk, "found", old.primary_file_id)
    job = Job.objects.get(kind="open_measurement")
    assert job.target == new.pk
    old.refresh_from_db()
    assert old.document["acceleration_voltage"]["value"] == 80
    assert old.frozen_at is not None


def test_without_a_correction_the_measurement_stays(reopened: Deposit) -> None:
    (measurement,) = reopened.current_measurements
    assert replace_corrected(reopened) == []
    assert list(reopened.current_measurements) == [measurement]


def test_a_measurement_whose_files_change_has_a_successor(reopened: Deposit) -> None:
    old = reopened.measurements.get()
    header = send(reopened, "scan.xml", b"<root/>")
    files = [
        RecognizedFile(path=path, format="empad", label="EMPAD of tomorrow", is_read=True)
        for path in ("scan.raw", "scan.xml")
    ]
    record_recognition(
        deposit=reopened,
        files=files,
        groups=[GroupedFiles(format="empad", paths=("scan.raw", "scan.xml"))],
        findings={},
    )
    (new,) = reopened.current_measurements
    assert new.replaces_id == old.pk
    assert [part.data_file_id for part in new.parts.all()] == [old.primary_file_id, header.pk]


def test_findings_about_what_was_left_out_stand_in_nobodys_way(reopened: Deposit) -> None:
    old = reopened.measurements.get()
    odd = {"stage": "reading", "layer": "reading", "severity": "warning", "code": "odd", "message": "Odd."}
    reopened.findings.create(measurement=old, **odd)
    add_measurement(reopened, "other.raw")
    delete_file(deposit_id=reopened.pk, actor=reopened.owner, path="scan.raw")
    second = publish(settle(reopened))
    assert "odd" not in str(second.content)
    assert Measurement.objects.filter(pk=old.pk, left_out_at__isnull=False).exists()


def test_a_new_version_can_be_given_up(reopened: Deposit) -> None:
    first = read_first(reopened)
    old, document = reopened.measurements.get(), reopened.document
    changed = {
        "dataset": {"title": "Other"},
        "measurements": {"scan.raw": {"acceleration_voltage": "120 kV"}},
    }
    update_deposit(deposit_id=reopened.pk, actor=reopened.owner, patch=changed)
    send(reopened, "more.raw", b"more")
    assert replace_corrected(Deposit.objects.get(pk=reopened.pk)) != []
    delete_file(deposit_id=reopened.pk, actor=reopened.owner, path="scan.raw")
    deposit = discard_new_version(deposit_id=reopened.pk, actor=reopened.owner)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.document, deposit.title) == ("published", document, first.title)
    assert [file.path for file in deposit.current_files] == ["scan.raw"]
    assert [measurement.pk for measurement in deposit.current_measurements] == [old.pk]
    with pytest.raises(DepositAlreadyPublishedError):
        discard_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    again = start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
    assert publish(settle(again)).number == 2


def test_a_draft_that_was_never_published_is_deleted_not_given_up() -> None:
    deposit = make_deposit()
    with pytest.raises(StateConflictError):
        discard_new_version(deposit_id=deposit.pk, actor=deposit.owner)
