"""First pictures and header report: there before the conversion, gone with its results, never published."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest.tasks
import processing.tasks  # noqa: F401 - they register their kinds of jobs
from ingest.workflows import submit_deposit
from processing import workflows
from processing.services.first_pictures import has_outdated_pictures
from repository.errors import LeaseLostError, StateConflictError
from repository.models import Deposit, Finding, Job, Measurement, Product, Signal
from repository.schema.documents.provenance import Software
from repository.schema.findings import Finding as Found
from repository.selectors.access import get_measurement
from repository.selectors.byte_objects import find_product
from repository.selectors.deposits import describe_deposit
from repository.selectors.visibility import Visitor
from repository.services.deposits import delete_deposit, update_deposit
from repository.services.jobs import ClaimedJob, claim_job, complete_job, lock_claim
from repository.services.measurements import (
    ConvertedSignal,
    SignalDescription,
    record_conversion,
    record_first_pictures,
    record_opening,
    record_reading_failure,
)
from repository.services.products import StoredProduct
from repository.services.publishing import publish_deposit
from repository.services.validation import validate_deposit
from repository.tasks.job_kinds import Apply, JobProgress, get_kind
from tests.deposits import AXES, DESCRIBED, publish
from tests.factories import make_deposit, make_measurement, store_bytes, store_file
from tests.vendor_files.empad import write_empad

pytestmark = pytest.mark.django_db
PREVIEW, FINAL = "preview_summed_intensity", "summed_intensity"


def picture(recipe: str) -> StoredProduct:
    sha256, size = store_bytes(f"a picture, {recipe}".encode())
    return StoredProduct(
        recipe="first_picture" if recipe == PREVIEW else recipe,
        output=recipe,
        kind="preview",
        title="",
        parameters={"n_read": 9, "n_total": 16, "counted": "patterns"},
        media_type="image/png",
        size=size,
        sha256=sha256,
        software=Software("test 1"),
    )


def open_scan(deposit: Deposit, path: str = "scan.raw") -> Measurement:
    measurement = make_measurement(
        deposit, store_file(deposit, path, path.encode()), state="opened", extracted=DESCRIBED
    )
    Signal.objects.filter(measurement=measurement).update(axes=AXES)
    return measurement


def preview(measurement: Measurement) -> None:
    measurement.refresh_from_db()
    record_first_pictures(
        measurement=measurement, hints=measurement.hints, products={"data": [picture(PREVIEW)]}
    )


def convert(measurement: Measurement) -> None:
    measurement.refresh_from_db()
    converted = ConvertedSignal(name="data", statistics={"kind": "pattern_scan"}, products=(picture(FINAL),))
    record_conversion(measurement=measurement, optics={}, converted=[converted], findings=())


def recipes(measurement: Measurement) -> list[tuple[str, bool]]:
    return list(measurement.products.values_list("output", "is_preliminary"))


@pytest.mark.parametrize(("kind", "outdated"), [("pattern_scan", False), ("image_series", True)])
def test_first_pictures_of_another_kind_are_drawn_again(kind: str, outdated: bool) -> None:
    measurement = open_scan(make_deposit())
    record_first_pictures(
        measurement=measurement,
        hints=measurement.hints,
        products={"data": [picture(PREVIEW)]},
        axes={"data": AXES},
        kinds={"data": kind},
    )
    assert measurement.signals.get().statistics == {"kind": kind}
    assert has_outdated_pictures(Measurement.objects.get(pk=measurement.pk)) == outdated
    convert(measurement)
    assert not has_outdated_pictures(Measurement.objects.get(pk=measurement.pk))


def test_the_conversion_replaces_the_first_pictures() -> None:
    measurement = open_scan(make_deposit())
    preview(measurement)
    preview(measurement)  # run twice: the same pictures once
    assert recipes(measurement) == [(PREVIEW, True)]
    convert(measurement)
    assert recipes(measurement) == [(FINAL, False)]


def test_first_pictures_that_come_after_the_conversion_are_not_shown() -> None:
    measurement = open_scan(make_deposit())
    convert(measurement)
    preview(measurement)
    assert recipes(measurement) == [(FINAL, False)]


def test_first_pictures_of_another_reading_are_not_shown() -> None:
    measurement = open_scan(make_deposit())
    record_first_pictures(
        measurement=measurement, hints={"scan_shape": [2, 8]}, products={"data": [picture(PREVIEW)]}
    )
    assert not recipes(measurement)


def test_a_signal_that_has_no_array_loses_its_first_pictures_too() -> None:
    measurement = open_scan(make_deposit())
    preview(measurement)
    record_conversion(measurement=measurement, optics={}, converted=[], findings=())
    assert not recipes(measurement)


def test_opening_again_forgets_what_the_former_reading_gave() -> None:
    measurement = open_scan(make_deposit())
    convert(measurement)
    signal = SignalDescription("data", "", (16, 128, 128), "float32", (), 2, "", "depositor", "")
    record_opening(
        measurement=measurement,
        reader="test 1",
        hints={"frame_axis": "time"},
        header={},
        extracted=DESCRIBED,
        looked_for={},
        personal_pointers={},
        signals=[signal],
        findings=(),
    )
    assert not recipes(measurement)
    opened = measurement.signals.get()
    assert (opened.shape, opened.converted_at, opened.statistics) == ([16, 128, 128], None, {})


def test_a_failed_conversion_keeps_them_for_the_depositor_and_publishing_drops_them() -> None:
    deposit = make_deposit()
    good, bad = open_scan(deposit), open_scan(deposit, "bad.raw")
    for measurement in (good, bad):
        preview(measurement)
    convert(good)
    bad.refresh_from_db()
    finding = Found("warning", "packed_fft_not_read", "Not read.", layer="reading")
    record_reading_failure(measurement=bad, stage=Finding.Stage.CONVERSION, finding=finding, hints={})
    Deposit.objects.filter(pk=deposit.pk).update(state="processing")
    validate_deposit(deposit_id=deposit.pk)

    assert recipes(bad) == [(PREVIEW, True)]
    access = get_measurement(Visitor(deposit.owner), bad.pk, for_bytes=True)
    assert find_product(access, f"data.{PREVIEW}", "preview").is_public is False
    publish(deposit)
    assert not Product.objects.filter(is_preliminary=True).exists()
    assert recipes(good) == [(FINAL, False)]


def test_a_deposit_that_was_only_checked_is_not_published() -> None:
    deposit = make_deposit()
    preview(open_scan(deposit))
    Deposit.objects.filter(pk=deposit.pk).update(state="processing", read_until="opened")
    validate_deposit(deposit_id=deposit.pk)
    codes = set(deposit.findings.filter(severity="warning").values_list("code", flat=True))
    with pytest.raises(StateConflictError, match="not converted yet"):
        publish_deposit(
            deposit_id=deposit.pk, actor=deposit.owner, accept_warnings=[{"code": code} for code in codes]
        )
    assert Product.objects.filter(is_preliminary=True).exists()


# Through the jobs, confined, on real files.


@pytest.fixture
def handed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deposit:
    """Return a deposit with a scan that counts as large."""
    monkeypatch.setattr(ingest.workflows, "FIRST_PICTURES_FROM_BYTES", 1)
    frames = np.random.default_rng(2).random((16, 16, 128, 128), np.float32)
    deposit = make_deposit()
    for path in write_empad(tmp_path, frames):
        store_file(deposit, path.name, path.read_bytes())
    return deposit


@pytest.fixture
def without_header(tmp_path: Path, handed_in: Deposit) -> Deposit:
    """Return the deposit with the raw file alone, whose scan shape only the person knows."""
    handed_in.files.filter(path="scan.xml").delete()
    return handed_in


def list_waiting() -> list[str]:
    return list(Job.objects.filter(state="queued").order_by("created_at").values_list("kind", flat=True))


def take(kind: str) -> tuple[ClaimedJob, Apply]:
    """Do the work of the waiting job of a kind, without settling it."""
    claim = claim_job(job_id=Job.objects.get(kind=kind, state="queued").pk)
    assert claim is not None
    return claim, get_kind(kind).work(claim, JobProgress())


def settle(claim: ClaimedJob, apply: Apply) -> None:
    lock_claim(claim=claim)
    complete_job(claim=claim)
    apply()


def run(kind: str) -> None:
    settle(*take(kind))


def test_the_header_report_and_pictures_are_there_while_the_conversion_waits(handed_in: Deposit) -> None:
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    run("inspect_deposit")
    run("open_measurement")
    assert list_waiting() == ["preview_measurement", "convert_measurement"]  # the pictures come first
    run("preview_measurement")

    handed_in.refresh_from_db()
    view = describe_deposit(Visitor(handed_in.owner), handed_in)
    assert (view.state, view.is_answerable) == ("processing", True)
    (measurement,) = view.measurements
    assert measurement.reading is not None
    assert (measurement.reading.step, measurement.reading.state) == ("converting", "queued")
    assert measurement.signals[0].shape == (16, 16, 128, 128)
    assert measurement.metadata["acceleration_voltage"]["source"] == "header"
    assert any(finding.code == "required_field_missing" for finding in measurement.findings)
    assert measurement.requirements
    shown = {product.output for product in measurement.products if product.kind == "preview"}
    assert {"preview_mean_pattern", "preview_center_pattern"} <= shown
    assert all(product.is_preliminary for product in measurement.products)
    assert all(product.parameters["n_total"] == 256 for product in measurement.products)


def test_questions_are_answered_before_the_conversion_ends(handed_in: Deposit) -> None:
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    run("inspect_deposit")
    answer(handed_in, {"sample": {"name": "MoS2"}})  # before anything is known of the files
    run("open_measurement")
    converting = claim_job(job_id=Job.objects.get(kind="convert_measurement").pk)
    assert converting is not None

    answer(handed_in, {"sample": {"name": "MoS2"}, "semi_convergence_angle": {"value": 21, "unit": "mrad"}})
    measurement = handed_in.measurements.get()
    assert measurement.document["sample"]["name"] == "MoS2"
    assert Deposit.objects.get(pk=handed_in.pk).state == "processing"
    # An answer that changes no array leaves the conversion alone; its images are made anew after it.
    lock_claim(claim=converting)
    complete_job(claim=converting)
    converted(measurement)
    assert "reduce_measurement" in list_waiting()
    assert "preview_measurement" not in list_waiting()


def test_an_answer_that_changes_the_array_starts_the_reading_anew(without_header: Deposit) -> None:
    submit_deposit(deposit_id=without_header.pk, actor=without_header.owner)
    run("inspect_deposit")
    run("open_measurement")
    converting = claim_job(job_id=Job.objects.get(kind="convert_measurement").pk)
    assert converting is not None
    preview_claim, apply_preview = take("preview_measurement")

    answer(without_header, {"scan_shape": [8, 32]})
    assert list_waiting() == ["open_measurement"]
    for stale in (converting, preview_claim):
        with pytest.raises(LeaseLostError):
            lock_claim(claim=stale)
    run("open_measurement")
    apply_preview()  # even so: pictures of the former shape are not written down
    measurement = without_header.measurements.get()
    assert measurement.signals.get().shape == [8, 32, 128, 128]
    assert not recipes(measurement)
    assert list_waiting() == ["preview_measurement", "convert_measurement"]


def test_words_that_come_while_the_files_are_opened_count(without_header: Deposit) -> None:
    submit_deposit(deposit_id=without_header.pk, actor=without_header.owner)
    run("inspect_deposit")
    opening = take("open_measurement")
    Deposit.objects.filter(pk=without_header.pk).update(document={"defaults": {"scan_shape": [32, 8]}})
    settle(*opening)
    assert list_waiting() == ["open_measurement"]
    run("open_measurement")
    assert without_header.measurements.get().signals.get().shape == [32, 8, 128, 128]


def test_checking_enqueues_no_conversion_and_a_later_submission_does_not_read_twice(
    handed_in: Deposit,
) -> None:
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner, until="opened")
    run("inspect_deposit")
    run("open_measurement")
    assert list_waiting() == ["preview_measurement"]
    run("preview_measurement")
    handed_in.refresh_from_db()
    assert handed_in.state == "needs_attention"  # the answers that the header does not give
    assert not Job.objects.filter(kind="convert_measurement").exists()
    assert describe_deposit(Visitor(handed_in.owner), handed_in).read_until == "opened"

    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    handed_in.refresh_from_db()
    assert (handed_in.state, handed_in.read_until) == ("processing", "converted")
    assert list_waiting() == ["convert_measurement"]
    assert recipes(handed_in.measurements.get())  # the pictures that are there stay meanwhile


def test_a_check_can_be_broken_off(handed_in: Deposit) -> None:
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner, until="opened")
    claim, _ = take("inspect_deposit")
    delete_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    with pytest.raises(LeaseLostError):
        lock_claim(claim=claim)


def test_pictures_that_fail_stop_nothing(handed_in: Deposit) -> None:
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    run("inspect_deposit")
    run("open_measurement")
    claim = claim_job(job_id=Job.objects.get(kind="preview_measurement").pk)
    assert claim is not None
    get_kind("preview_measurement").apply_failure(claim, "The worker died 5 times.")
    measurement = handed_in.measurements.get()
    assert measurement.state == "opened"
    assert not measurement.findings.filter(stage="conversion").exists()

    Deposit.objects.filter(pk=handed_in.pk).update(read_until="opened")
    get_kind("preview_measurement").apply_failure(claim, "The worker died 5 times.")
    assert measurement.findings.get(stage="conversion").severity == "warning"


def test_small_files_have_no_pictures_of_their_own(
    handed_in: Deposit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.workflows, "FIRST_PICTURES_FROM_BYTES", 256 * 2**20)
    submit_deposit(deposit_id=handed_in.pk, actor=handed_in.owner)
    run("inspect_deposit")
    run("open_measurement")
    assert list_waiting() == ["convert_measurement"]


def answer(deposit: Deposit, defaults: dict[str, Any]) -> None:
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"defaults": defaults})
    workflows.refresh_deposit(deposit_id=deposit.pk)


def converted(measurement: Measurement) -> None:
    """Settle a conversion that was made with the angles before the answer."""
    convert(measurement)
    workflows.follow_conversion(measurement)
    validate_deposit(deposit_id=measurement.deposit_id)
