"""Which job is next: depositors take turns, the database decides, and thousands that wait cost nothing."""

import datetime as dt
import json
import random
import threading
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from repository.lanes import LANES, Lane
from repository.models import Job
from repository.models.job_order import _NEXT, _parameters, list_positions, lock_next_job
from repository.selectors.jobs import find_first_position
from repository.services.jobs import claim_job, claim_next_job, complete_job, retry_job
from tests.patience import patient

pytestmark = pytest.mark.django_db
AT_ONCE = dt.timedelta()


def wait_in_line(
    depositor: int, *, count: int = 1, lane: Lane = "long", fields: dict[str, Any] | None = None
) -> list[Job]:
    """Write jobs of one depositor, each a second younger than the one before."""
    now = timezone.now() - dt.timedelta(hours=1)
    return Job.objects.bulk_create(
        Job(
            kind="test",
            target=uuid.uuid4().hex,
            lane=lane,
            depositor=depositor,
            **{"created_at": now + dt.timedelta(seconds=number), "not_before": now, **(fields or {})},
        )
        for number in range(count)
    )


def claim_all(lanes: tuple[Lane, ...] = LANES) -> list[uuid.UUID]:
    """Claim until nothing waits; nobody finishes meanwhile."""
    claims = []
    while (claim := claim_next_job(lanes=lanes)) is not None:
        claims.append(claim.id)
    return claims


def test_depositors_take_turns_and_each_ones_jobs_go_by_age() -> None:
    many, few = wait_in_line(1, count=4), wait_in_line(2, count=2)
    assert claim_all() == [many[0].pk, few[0].pk, many[1].pk, few[1].pk, many[2].pk, many[3].pk]


def test_whoever_was_served_last_waits_for_the_others() -> None:
    first, second = wait_in_line(1, count=3), wait_in_line(2, count=3)
    served = []
    for _ in range(6):  # one process: each job ends before the next is claimed
        claim = claim_next_job(lanes=LANES)
        assert claim is not None
        complete_job(claim=claim)
        served.append(claim.id)
    assert served == [job.pk for pair in zip(first, second, strict=True) for job in pair]


def test_whoever_has_least_running_comes_first() -> None:
    held = wait_in_line(1, count=2)
    for job in held:
        claim_job(job_id=job.pk)
    busy, idle = wait_in_line(1), wait_in_line(2, count=3)
    assert claim_all() == [idle[0].pk, idle[1].pk, busy[0].pk, idle[2].pk]


def test_short_work_comes_before_long_and_a_lane_is_left_alone_by_others() -> None:
    (long,), (short,) = wait_in_line(1), wait_in_line(1, lane="short")
    assert lock_next_job("short", waited=AT_ONCE) == short.pk
    assert claim_all(("short",)) == [short.pk]
    assert claim_all(("short",)) == []
    (another,) = wait_in_line(1, lane="short")
    assert claim_all() == [another.pk, long.pk]


def test_what_others_had_no_time_to_take_is_left_to_them() -> None:
    (old,) = wait_in_line(1, lane="short")
    wait_in_line(2, lane="short", fields={"not_before": timezone.now()})
    patience = dt.timedelta(minutes=1)
    claim = claim_next_job(lanes=LANES, waited=patience)
    assert claim is not None
    assert claim.id == old.pk
    assert claim_next_job(lanes=LANES, waited=patience) is None


def test_what_pauses_or_is_exhausted_has_no_turn_and_no_place() -> None:
    pausing, waiting = wait_in_line(1, count=2)
    claim = claim_job(job_id=pausing.pk)
    assert claim is not None
    retry_job(claim=claim, reason="the disk is full")
    wait_in_line(2, fields={"attempt": 5})
    assert list_positions("long", [pausing.pk, waiting.pk]) == {waiting.pk: 0}
    assert claim_all() == [waiting.pk]


def test_work_that_lost_its_worker_comes_first() -> None:
    (orphan,) = wait_in_line(1)
    claim_job(job_id=orphan.pk)
    wait_in_line(2)
    Job.objects.filter(pk=orphan.pk).update(lease_until=timezone.now() - dt.timedelta(minutes=1))
    claim = claim_next_job(lanes=LANES)
    assert claim is not None
    assert (claim.id, claim.attempt) == (orphan.pk, 2)


@pytest.mark.parametrize("seed", range(8))
def test_a_position_is_the_number_of_jobs_that_are_claimed_before(seed: int) -> None:
    """Whatever was served, runs and waits: the places that are shown are the order in which jobs are taken."""
    chance = random.Random(seed)
    for depositor in range(chance.randint(1, 5)):
        for job in wait_in_line(depositor, count=chance.randint(0, 3)):
            claim = claim_job(job_id=job.pk)
            assert claim is not None
            if chance.random() < 0.5:
                complete_job(claim=claim)
        wait_in_line(depositor, count=chance.randint(1, 6))
    ids = list(Job.objects.filter(state="queued").values_list("pk", flat=True))
    positions = list_positions("long", ids)
    assert claim_all() == sorted(ids, key=positions.__getitem__)
    assert sorted(positions.values()) == list(range(len(ids)))


def test_the_first_place_of_a_hundred_measurements_is_one_question(django_assert_num_queries: Any) -> None:
    wait_in_line(2, count=3)
    mine = wait_in_line(1, count=100)
    with django_assert_num_queries(1):
        assert find_first_position(mine) == 0
    for job in mine[:2]:
        claim_job(job_id=job.pk)
    waiting = list(Job.objects.filter(depositor=1))
    with django_assert_num_queries(1):
        assert find_first_position(waiting) == 2  # two of mine run, so two of the others' come first


@pytest.mark.parametrize(("depositors", "each"), [(1, 5000), (50, 100), (500, 10)])
def test_five_thousand_jobs_that_wait_do_not_slow_a_claim(
    depositors: int, each: int, django_assert_max_num_queries: Any
) -> None:
    for depositor in range(depositors):
        wait_in_line(depositor, count=each)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE repository_job")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {_NEXT}", _parameters("long"))
        (plan,) = cursor.fetchone()
    nodes = list(walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    scanned = [node for node in nodes if node.get("Relation Name") == "repository_job"]
    assert {node["Node Type"] for node in scanned} <= {"Index Scan", "Index Only Scan"}
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in scanned)
    assert read <= 2 * depositors + 32 + 2, "each depositor's oldest, and no others"
    with django_assert_max_num_queries(8):  # a savepoint and its end for each lane; next in each; claim, row
        assert claim_next_job(lanes=LANES) is not None


def walk(node: dict[str, Any]) -> Any:
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_in_the_same_moment_take_different_jobs() -> None:
    """One worker is stopped in the middle of its claim: the others neither wait for it nor take the same job."""
    jobs = wait_in_line(1, count=5)
    taken: list[uuid.UUID | None] = []

    def claim() -> None:
        try:
            found = claim_next_job(lanes=LANES)
            taken.append(None if found is None else found.id)
        finally:
            connection.close()

    with transaction.atomic():
        frozen = lock_next_job("long", waited=AT_ONCE)
        threads = [threading.Thread(target=claim) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(patient(60))
        assert frozen == jobs[0].pk
    assert set(taken) == {None, *(job.pk for job in jobs[1:])}
    assert claim_all() == [frozen]
