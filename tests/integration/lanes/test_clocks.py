"""Clocks that jump or disagree: every time that decides about a job is the database's, and none lies too far ahead."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from repository.lanes import LANES
from repository.models import Deposit, Job, Upload, WorkerHeartbeat
from repository.selectors.health import check_worker, measure_lanes
from repository.selectors.progress import describe_progress
from repository.services import uploads
from repository.services.jobs import (
    claim_job,
    claim_next_job,
    create_job,
    extend_lease,
    list_exhausted_jobs,
    list_jobs_to_announce,
    record_worker_heartbeat,
    retry_job,
)
from tests.factories import make_deposit
from tests.integration.lanes.test_order import claim_all, wait_in_line

pytestmark = pytest.mark.django_db
HOURS = dt.timedelta(hours=3)
real_now = timezone.now


@pytest.fixture(params=[HOURS, -HOURS], ids=["this clock is ahead", "this clock is behind"])
def wrong_clock(request: Any, monkeypatch: pytest.MonkeyPatch) -> dt.timedelta:
    """Let the clock of this process disagree with the database's."""
    monkeypatch.setattr(timezone, "now", lambda: real_now() + request.param)
    offset: dt.timedelta = request.param
    return offset


def test_a_machine_with_a_wrong_clock_neither_steals_nor_stalls(wrong_clock: dt.timedelta) -> None:
    job = create_job(kind="test", target="a", lane="short")
    assert abs(job.not_before - real_now()) < dt.timedelta(minutes=1)
    assert abs(job.created_at - real_now()) < dt.timedelta(minutes=1)
    claim = claim_next_job(lanes=LANES)
    assert claim is not None, "a new job is due at once"
    assert claim_job(job_id=job.pk) is None, "a lease that was just taken is not over"
    assert (list_exhausted_jobs(), list_jobs_to_announce()) == ([], {})
    extend_lease(claim=claim)
    assert claim_next_job(lanes=LANES) is None
    retry_job(claim=claim, reason="x")
    assert claim_next_job(lanes=LANES) is None, "the pause before the next attempt is kept"
    pause = Job.objects.get().not_before - real_now()
    assert dt.timedelta() < pause < dt.timedelta(minutes=1)
    record_worker_heartbeat(name="worker@test")
    assert check_worker().is_ok


def test_a_wrong_clock_does_not_end_transfers(
    wrong_clock: dt.timedelta, stemma_home: Any, settings: Any
) -> None:
    settings.UPLOAD_LIFETIME = dt.timedelta(hours=1)
    deposit = make_deposit()
    plan = uploads.start_upload(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw", size=4, sha256="")
    assert plan.upload_id is not None
    uploads.record_offset(upload_id=plan.upload_id, offset=2)
    assert uploads.expire_uploads() == 0
    Upload.objects.update(expires_at=real_now() - dt.timedelta(minutes=1))
    assert uploads.expire_uploads() == 1


def test_a_lease_that_ends_later_than_any_can_is_over() -> None:
    """The database's clock was set back by three hours while a worker that has died since held the job."""
    (job,) = wait_in_line(1)
    claim_job(job_id=job.pk)
    Job.objects.update(lease_until=real_now() + HOURS, published_at=real_now() + HOURS)
    assert list(list_jobs_to_announce()) == [job.pk]
    assert claim_all() == [job.pk]


def test_a_lease_that_still_can_be_held_is_kept(settings: Any) -> None:
    (job,) = wait_in_line(1)
    claim_job(job_id=job.pk)
    Job.objects.update(lease_until=real_now() + dt.timedelta(seconds=1.5 * settings.JOB_LEASE_SECONDS))
    assert claim_all() == []


def test_an_exhausted_job_under_a_lease_from_the_future_is_ended() -> None:
    (job,) = wait_in_line(1, fields={"state": "running", "attempt": 5, "lease_until": real_now() + HOURS})
    assert list_exhausted_jobs() == [job.pk]


def test_a_pause_that_ends_later_than_any_can_is_over() -> None:
    (job,) = wait_in_line(1, fields={"not_before": real_now() + HOURS})
    assert list(list_jobs_to_announce()) == [job.pk]
    assert claim_all() == [job.pk]


@pytest.mark.parametrize("field", ["created_at", "published_at"])
def test_a_message_that_was_lost_before_the_clock_was_set_back_is_sent_again(field: str) -> None:
    (job,) = wait_in_line(1, fields={field: real_now() + HOURS})
    assert list(list_jobs_to_announce()) == [job.pk]


def test_a_turn_that_was_taken_in_the_future_does_not_starve_its_depositor() -> None:
    wait_in_line(1, fields={"state": "done", "started_at": real_now() + HOURS})
    wait_in_line(2, fields={"state": "done", "started_at": real_now() - HOURS})
    starving, other = wait_in_line(1), wait_in_line(2, count=3)
    assert claim_all()[0] == starving[0].pk
    assert len(other) == 3


def test_a_worker_that_was_heard_in_the_future_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds the test's own transaction
    WorkerHeartbeat.objects.create(name="dead@test", seen_at=real_now() + HOURS, lanes=list(LANES))
    assert not check_worker().is_ok
    record_worker_heartbeat(name="alive@test")
    assert check_worker().is_ok


def test_the_progress_of_a_deposit_handed_in_before_the_clock_was_set_back_is_shown() -> None:
    deposit = make_deposit()
    Deposit.objects.update(submitted_at=real_now() + HOURS, state="processing")
    deposit.refresh_from_db()
    create_job(kind="open_measurement", target="m", deposit=deposit, lane="short")
    progress = describe_progress(deposit)
    assert (progress.running, progress.position, progress.fraction) == (1, 0, 0.0)


def test_the_oldest_that_waits_is_never_younger_than_nothing() -> None:
    wait_in_line(1, lane="short", fields={"not_before": real_now() + HOURS})
    wait_in_line(1, lane="long", fields={"not_before": real_now() - HOURS})
    short, long = measure_lanes()
    assert short.oldest_s == 0.0
    assert long.oldest_s == pytest.approx(HOURS.total_seconds(), abs=60)
