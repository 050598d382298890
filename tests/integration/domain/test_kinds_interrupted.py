"""A worker that dies, and answers that come while it works: what is made of an array is never of two kinds."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db.models.functions import Now

from processing.services import reduction
from processing.workflows import refresh_deposit
from repository.models import Job, Measurement
from repository.services.jobs import claim_job, complete_job, lock_claim, retry_job
from repository.tasks.job_kinds import JobProgress, get_kind
from tests.followed_axes import list_objects, settle
from tests.integration.domain.test_signal_kinds import (
    NOT_ASKED,
    TECHNIQUES,
    bytes_of,
    list_outputs,
    read,
    write_stack,
)
from tests.reducing import PIXEL, describe

pytestmark = pytest.mark.django_db


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    frames = np.random.default_rng(5).gamma(2.0, 3.0, (9, 20, 24)).astype(np.float32)
    return write_stack(tmp_path, frames, unit="")


def say(measurement: Measurement, technique: str) -> None:
    describe(measurement.deposit, technique=[technique], **NOT_ASKED)
    refresh_deposit(deposit_id=measurement.deposit_id, measurement_ids=[measurement.pk])


def take(measurement: Measurement) -> Any:
    claim = claim_job(
        job_id=Job.objects.get(kind="reduce_measurement", state="queued", target=measurement.pk).pk
    )
    assert claim is not None
    return claim


def kind_of(measurement: Measurement) -> Any:
    return measurement.signals.get().statistics["kind"]


def test_worker_that_dies_after_its_work_leaves_the_former_kind_whole(stack: Path) -> None:
    measurement = read(stack, technique=["four_d_stem"], **NOT_ASKED)
    before = bytes_of(measurement)
    say(measurement, "tem_image")
    claim = take(measurement)
    get_kind("reduce_measurement").work(claim, JobProgress())  # and dies before anything is recorded
    assert bytes_of(measurement) == before
    assert reduction.is_outdated(Measurement.objects.get(pk=measurement.pk))
    retry_job(claim=claim, reason="The worker died.")
    Job.objects.filter(pk=claim.id).update(not_before=Now())
    settle(measurement)
    assert kind_of(measurement) == "image_series"
    assert bytes_of(measurement) == bytes_of(read(stack, technique=["tem_image"], **NOT_ASKED))


@pytest.mark.parametrize("last", ["four_d_stem", "diffraction_pattern", "other"])
def test_answer_that_changes_while_the_work_is_done_wins(stack: Path, last: str) -> None:
    measurement = read(stack, technique=["four_d_stem"], **NOT_ASKED)
    say(measurement, "tem_image")
    claim = take(measurement)
    apply = get_kind("reduce_measurement").work(claim, JobProgress())
    say(measurement, last)
    lock_claim(claim=claim)
    complete_job(claim=claim)
    apply()
    pictures, numbers = list_outputs(measurement)
    assert (kind_of(measurement) == "pattern_scan") == ("center_of_mass" in numbers)
    assert pictures
    settle(measurement)
    fresh = Measurement.objects.get(pk=measurement.pk)
    assert not reduction.is_outdated(fresh)
    assert kind_of(fresh) == TECHNIQUES[last]
    assert bytes_of(fresh) == bytes_of(read(stack, technique=[last], **NOT_ASKED))


def test_two_answers_before_any_work_make_one_job_of_the_last(stack: Path) -> None:
    measurement = read(stack, technique=["four_d_stem"], **NOT_ASKED)
    say(measurement, "tem_image")
    say(measurement, "diffraction_pattern")
    assert Job.objects.filter(kind="reduce_measurement", state="queued", target=measurement.pk).count() == 1
    settle(measurement)
    assert kind_of(measurement) == "pattern_series"


def test_answer_taken_back_before_any_work_changes_nothing(stack: Path) -> None:
    measurement = read(stack, technique=["four_d_stem"], **NOT_ASKED)
    before = bytes_of(measurement)
    say(measurement, "tem_image")
    say(measurement, "four_d_stem")
    settle(measurement)
    assert bytes_of(measurement) == before


def test_what_is_made_anew_says_what_it_was_made_of_now(stack: Path) -> None:
    measurement = read(stack, technique=["four_d_stem"], **NOT_ASKED)
    answers = {"technique": ["four_d_stem"], "diffraction_pixel_size": PIXEL, **NOT_ASKED}
    describe(measurement.deposit, **answers)
    refresh_deposit(deposit_id=measurement.deposit_id, measurement_ids=[measurement.pk])
    settle(measurement)
    made = dict(measurement.products.filter(kind="array").values_list("output", "settings"))
    fresh = read(stack, **answers)
    assert made == dict(fresh.products.filter(kind="array").values_list("output", "settings"))
    file = hashlib.sha256(stack.read_bytes()).hexdigest()
    chunks = {sha for key, sha in list_objects(measurement).items() if key.startswith("primary/c/")}
    inputs = {one.output: set(one.input_digests) for one in measurement.products.filter(kind="array")}
    assert inputs["mean_diffraction_pattern"] == {file}  # it stands as it was
    assert chunks
    assert chunks <= inputs["annular_dark_field"] <= {*list_objects(measurement).values()}
