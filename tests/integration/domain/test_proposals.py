"""A technique is proposed by what opening and converting wrote down; confirmed, it is what everything else follows."""

from pathlib import Path
from typing import Any

import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import submit_deposit
from processing.workflows import refresh_deposit
from repository.errors import InvalidMetadataError
from repository.models import Deposit, Job, Measurement
from repository.schema.documents.technique_guesses import Proposal
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, undo_change, write_answers
from repository.services.jobs import claim_job, complete_job, lock_claim
from repository.services.techniques import confirm_techniques
from repository.tasks.job_kinds import JobProgress, get_kind
from tests.factories import make_deposit, store_file
from tests.followed_axes import settle
from tests.realdata import need_realdata
from tests.reducing import run
from tests.unit.processing.test_frame_look import draw_pattern
from tests.vendor_files.mrc import write_mrc

pytestmark = pytest.mark.django_db


def hand_in(*paths: Path) -> Deposit:
    deposit = make_deposit()
    for path in paths:
        store_file(deposit, path.name, path.read_bytes())
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    run("inspect_deposit")
    return deposit


def finish(deposit: Deposit, *kinds: str) -> Measurement:
    for kind in kinds:
        run(kind)
    measurement: Measurement = deposit.measurements.get()
    return measurement


def find_proposal(measurement: Measurement) -> Proposal | None:
    return Measurement.objects.get(pk=measurement.pk).proposal


def follow(deposit: Deposit, change: TableChange) -> None:
    refresh_deposit(deposit_id=deposit.pk, measurement_ids=change.measurement_ids)
    settle(deposit.measurements.get())


def confirm(deposit: Deposit, **named: Any) -> TableChange:
    change = confirm_techniques(
        deposit_id=deposit.pk, actor=deposit.owner, named=named.get("named", {}), is_sure_confirmed=not named
    )
    follow(deposit, change)
    return change


def list_needed(measurement: Measurement) -> set[str]:
    cells = Measurement.objects.get(pk=measurement.pk).cells
    return {field for field, cell in cells.items() if cell["state"] == "needed"}


@pytest.fixture
def frame(tmp_path: Path) -> Deposit:
    """Return a deposit of one frame without a word: a pattern, which only its picture shows."""
    return hand_in(write_mrc(tmp_path / "frame.mrc", draw_pattern()[None].astype("f4")))


def test_a_frame_without_a_word_is_proposed_by_its_picture_once_it_is_converted(frame: Deposit) -> None:
    assert find_proposal(frame.measurements.get()) is None, "nothing has been opened"
    opened = finish(frame, "open_measurement")
    before = find_proposal(opened)
    assert before is not None
    assert (before.techniques, before.sure) == ((), False)
    assert before.why.endswith("its picture has not been looked at.")
    converted = finish(frame, "convert_measurement")
    assert converted.signals.get().statistics["frame"].keys() == {"center_over_mean", "half_turn"}
    after = find_proposal(converted)
    assert after is not None
    assert (after.techniques, after.sure) == (("diffraction_pattern",), False)
    assert confirm(frame).results == (), "a picture alone is never sure, and never confirmed with the others"


def test_all_questions_come_with_the_technique_and_none_by_answering(frame: Deposit) -> None:
    measurement = finish(frame, "open_measurement", "convert_measurement")
    path = measurement.primary_file.path
    change = confirm(frame, named={path: ["diffraction_pattern"]})
    assert change.count("saved") == 1
    needed = list_needed(measurement)
    assert {"illumination", "semi_convergence_angle", "diffraction_pixel_size", "sample.name"} <= needed
    for field, said in (
        ("illumination", "parallel"),
        ("diffraction_pixel_size", "0.1 1/nm"),
        ("acceleration_voltage", "200 kV"),
        ("sample.name", "Si"),
    ):
        wish = Wish(field, "measurement", "value", keys=(measurement.pk,), value=said)
        answered = write_answers(deposit_id=frame.pk, actor=frame.owner, wishes=[wish])
        assert answered.count("saved") == 1, answered.results
        follow(frame, answered)
        left = list_needed(measurement)
        assert left < needed, f"{field} brought {left - needed}"
        needed = left
    assert "semi_convergence_angle" not in needed


def test_confirming_opens_and_converts_nothing_again_and_undoing_it_brings_the_proposal_back(
    frame: Deposit,
) -> None:
    measurement = finish(frame, "open_measurement", "convert_measurement")
    before, document = find_proposal(measurement), dict(Deposit.objects.get(pk=frame.pk).document)
    change = confirm(frame, named={measurement.primary_file.path: ["tem_image"]})
    again = Job.objects.filter(kind__in=["open_measurement", "convert_measurement"], state="queued")
    assert not again.exists()
    assert Measurement.objects.get(pk=measurement.pk).techniques == ["tem_image"]
    assert find_proposal(measurement) == before, "what was answered is no evidence"
    assert change.id is not None
    follow(frame, undo_change(deposit_id=frame.pk, actor=frame.owner, change_id=change.id))
    assert Deposit.objects.get(pk=frame.pk).document == document
    assert Measurement.objects.get(pk=measurement.pk).techniques == []


def test_a_technique_that_the_arrays_rule_out_is_refused_with_those_that_can_be(frame: Deposit) -> None:
    measurement = finish(frame, "open_measurement", "convert_measurement")
    with pytest.raises(InvalidMetadataError, match="has a pattern at every position") as refused:
        confirm(frame, named={measurement.primary_file.path: ["four_d_stem"]})
    assert "diffraction_pattern" in refused.value.hint
    assert "four_d_stem" not in refused.value.hint


def test_real_files_are_confirmed_at_once_and_nothing_more_is_asked_later() -> None:
    folders = need_realdata("tia", "rsciio", "old"), need_realdata("dm", "rsciio", "1D")
    named = ("64x64_diffraction_acquire_1.ser", "64x64_diffraction_acquire.emi", "test-EELS_spectrum.dm3")
    deposit = hand_in(*(folder / name for folder in folders for name in named if (folder / name).exists()))
    for _ in range(2):
        job = Job.objects.filter(kind="open_measurement", state="queued").first()
        assert job is not None
        run_one(job)
    refresh_deposit(deposit_id=deposit.pk)
    change = confirm_techniques(deposit_id=deposit.pk, actor=deposit.owner, named={}, is_sure_confirmed=True)
    refresh_deposit(deposit_id=deposit.pk, measurement_ids=change.measurement_ids)
    found = {
        one.primary_file.path: one for one in deposit.current_measurements.select_related("primary_file")
    }
    assert {path: one.techniques for path, one in found.items()} == {
        "64x64_diffraction_acquire_1.ser": ["diffraction_pattern"],
        "test-EELS_spectrum.dm3": ["eels"],
    }
    needed = {path: list_needed(one) for path, one in found.items()}
    ids = tuple(one.pk for one in found.values())
    wishes = [
        Wish("illumination", "measurement", "value", keys=ids, value="parallel"),
        Wish("sample.name", "all", "value", value="Si"),
    ]
    answered = write_answers(deposit_id=deposit.pk, actor=deposit.owner, wishes=wishes)
    refresh_deposit(deposit_id=deposit.pk, measurement_ids=answered.measurement_ids)
    for path, one in found.items():
        assert list_needed(one) < needed[path], path


def run_one(job: Job) -> None:
    claim = claim_job(job_id=job.pk)
    assert claim is not None
    apply = get_kind(job.kind).work(claim, JobProgress())
    lock_claim(claim=claim)
    complete_job(claim=claim)
    apply()
