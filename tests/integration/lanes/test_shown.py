"""What people and operators are told: how many jobs are before theirs, and how each lane is."""

import datetime as dt
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from repository.models import Deposit, Job, WorkerHeartbeat
from repository.selectors.deposits import describe_deposit
from repository.selectors.health import check_worker
from repository.selectors.visibility import Visitor
from repository.services.jobs import claim_job, record_worker_heartbeat
from repository.workflows.jobs import enqueue_job
from tests.deposits import add_measurement
from tests.factories import make_deposit
from tests.integration.lanes.test_order import wait_in_line

pytestmark = pytest.mark.django_db


def be_read(deposit: Deposit, **fields: Any) -> Job:
    """Let the deposit wait for its files to be looked at."""
    Deposit.objects.filter(pk=deposit.pk).update(state="processing", submitted_at=Now())
    return Job.objects.create(
        kind="inspect_deposit",
        target=deposit.pk,
        deposit=deposit,
        lane="short",
        depositor=deposit.owner_id,
        **fields,
    )


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (0, "Waiting: this is the next job."),
        (1, "Waiting: 1 job is before this one."),
        (3, "Waiting: 3 jobs are before this one."),
    ],
)
def test_a_job_that_waits_knows_its_place(client: Any, before: int, sentence: str) -> None:
    deposit = make_deposit()
    job = be_read(deposit)
    for other in range(before):
        (running,) = wait_in_line(deposit.owner_id, lane="short")  # mine: so that the others' turn is first
        claim_job(job_id=running.pk)
        wait_in_line(10_000 + other, lane="short")
    client.force_login(deposit.owner)
    shown = client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (shown["state"], shown["lane"], shown["position"]) == ("queued", "short", before)
    progress = client.get(f"/api/v1/deposits/{deposit.pk}/").json()["progress"]
    assert (progress["position"], progress["message"]) == (before, sentence)
    assert sentence in client.get(f"/deposits/{deposit.pk}/").content.decode()
    claim_job(job_id=job.pk)
    assert client.get(f"/api/v1/jobs/{job.pk}/").json()["position"] is None
    assert client.get(f"/api/v1/deposits/{deposit.pk}/").json()["progress"]["position"] is None


def test_the_places_of_many_jobs_cost_no_more_than_those_of_one(
    stemma_home: Any, django_assert_max_num_queries: Any
) -> None:
    deposit = make_deposit()
    add_measurement(deposit)
    be_read(deposit)
    with django_assert_max_num_queries(40) as few:
        describe_deposit(Visitor(deposit.owner), deposit)
    for number in range(100):
        Job.objects.create(kind="convert_measurement", target=str(number), deposit=deposit, lane="short")
    with django_assert_max_num_queries(len(few)):
        assert describe_deposit(Visitor(deposit.owner), deposit).progress.running == 101


def test_the_job_of_a_deposit_takes_its_owners_turn() -> None:
    deposit = make_deposit()
    job = enqueue_job(kind="inspect_deposit", target=deposit.pk, deposit=deposit)
    assert (job.lane, job.depositor) == ("short", deposit.owner_id)


@pytest.mark.parametrize(
    ("shape", "dtype", "lane"),
    [([4, 4, 128, 128], "float32", "short"), ([32, 32, 128, 128], "float32", "short"),
     ([33, 32, 128, 128], "float32", "long"), ([40, 32, 128, 128], "uint16", "short")],
)  # fmt: skip
def test_a_small_conversion_is_short_work(stemma_home: Any, shape: list[int], dtype: str, lane: str) -> None:
    """By the size of its unpacked arrays too: a small file may hold a large scan."""
    measurement = add_measurement(make_deposit())
    measurement.signals.update(shape=shape, dtype=dtype)
    job = enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=measurement.deposit)
    assert job.lane == lane
    measurement.parts.get().data_file.__class__.objects.update(size=65 << 20)
    Job.objects.update(state="cancelled")
    job = enqueue_job(kind="convert_measurement", target=measurement.pk, deposit=measurement.deposit)
    assert job.lane == "long", "a large file takes its time whatever is read of it"


def test_a_lane_that_no_worker_serves_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds the test's own transaction
    record_worker_heartbeat(name="long@test", lanes=("long",))
    assert (check_worker().is_ok, check_worker().detail) == (False, "No worker takes short work.")
    record_worker_heartbeat(name="short@test", lanes=("short",))
    assert check_worker().is_ok
    silent = WorkerHeartbeat.objects.filter(name="long@test")
    silent.update(seen_at=F("seen_at") - dt.timedelta(minutes=1))
    assert check_worker().detail == "No worker takes long work."
    WorkerHeartbeat.objects.update(seen_at=Now() - dt.timedelta(minutes=2))
    assert check_worker().detail == "The last worker was heard 120 s ago."


def test_the_metrics_tell_lanes_apart(client: Any, settings: Any) -> None:
    settings.OPERATOR_NETWORKS = (ip_network("127.0.0.1"),)
    wait_in_line(1, count=2)
    (running,) = wait_in_line(1, lane="short")
    claim_job(job_id=running.pk)
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'stemma_jobs{lane="long",state="queued"} 2' in lines
    assert 'stemma_jobs{lane="short",state="running"} 1' in lines
    ages = dict(line.rsplit(" ", 1) for line in lines if line.startswith("stemma_oldest_queued_job_seconds{"))
    assert float(ages['stemma_oldest_queued_job_seconds{lane="long"}']) == pytest.approx(3600, abs=60)
    assert float(ages['stemma_oldest_queued_job_seconds{lane="short"}']) == 0
