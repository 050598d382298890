"""Short work gets in whatever runs, with real workers: beside each other, and in a single process."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from ingest.workflows import submit_deposit
from repository.models import Deposit, Job, User
from repository.tasks.maintenance import reconcile
from repository.workflows.jobs import enqueue_job
from tests.factories import make_deposit, make_user, store_file
from tests.integration.lanes.conftest import Workers
from tests.integration.lanes.kinds import ending_file
from tests.patience import wait_until
from tests.vendor_files.hdf5 import write_hspy

ALL_LANES = ("--concurrency", "1")  # no --queues: as somebody on a small machine starts it
BOTH = ("--queues", "short,long", "--concurrency", "1")
SHORT = ("--queues", "short", "--concurrency", "1")


def state_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


@contextmanager
def held(target: str, deposit: Deposit | None = None) -> Iterator[Job]:
    """Occupy a process for long work while the block runs, and require that it was occupied all the time."""
    job = enqueue_job(kind="hold", target=target, deposit=deposit)
    wait_until(lambda: state_of(job) == "running", "not held")
    yield job
    row = Job.objects.get(pk=job.pk)
    assert (row.state, row.attempt) == ("running", 1), "the long job ended before the short ones were done"
    ending_file(target).touch()
    wait_until(lambda: state_of(job) == "done", "not done")


def enqueue_many(kind: str, count: int, deposit: Deposit | None = None) -> list[Job]:
    return [
        enqueue_job(kind=kind, target=f"{kind}-{deposit and deposit.pk}-{number}", deposit=deposit)
        for number in range(count)
    ]


def all_done(jobs: list[Job]) -> bool:
    return not Job.objects.filter(pk__in=[job.pk for job in jobs]).exclude(state="done").exists()


def test_a_worker_for_short_work_has_time_while_the_other_is_occupied(workers: Workers) -> None:
    workers.start("both", *BOTH)
    workers.start("short", *SHORT)
    with held("a", make_deposit()):
        touched = enqueue_many("short_touch", 5, make_deposit())
        wait_until(lambda: all_done(touched), "not done beside the long job")
        queued = enqueue_job(kind="long_touch", target="waits")
        assert state_of(queued) == "queued", "the worker for short work left the long one alone"
    wait_until(lambda: all_done([queued]), "not done afterwards")


def test_a_single_process_does_short_work_beside_a_long_job(workers: Workers) -> None:
    workers.start("alone", *ALL_LANES)
    with held("a", make_deposit()):
        touched = enqueue_many("short_touch", 5, make_deposit())
        wait_until(lambda: all_done(touched), "not done by the process that holds the long job")
    # What was lent left bells behind; they cost nothing, and the next job is heard at once.
    wait_until(lambda: all_done([enqueue_job(kind="long_touch", target="next")]), "not heard")


def test_a_depositor_with_two_jobs_does_not_wait_for_fifty_of_another(workers: Workers) -> None:
    many, few = make_deposit(), make_deposit()
    first = enqueue_many("long_touch", 50, many)
    second = enqueue_many("long_touch", 2, few)
    workers.start("alone", *ALL_LANES)
    wait_until(lambda: all_done(first + second), "not done")
    order = list(Job.objects.order_by("started_at").values_list("deposit_id", flat=True))
    assert [place for place, deposit in enumerate(order) if deposit == few.pk] == [1, 3]


def test_every_job_is_done_after_every_message_was_lost(workers: Workers) -> None:
    jobs = [*enqueue_many("long_touch", 12), *enqueue_many("short_touch", 12)]
    workers.wipe()
    workers.start("alone", *ALL_LANES)
    ago = timezone.now() - dt.timedelta(minutes=1)
    Job.objects.update(published_at=ago)
    reconcile()
    wait_until(lambda: all_done(jobs), "not done")
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_a_bell_that_led_to_a_short_job_is_rung_again_for_the_long_one(workers: Workers) -> None:
    """There is one message, for the long lane; it must lead to both jobs, without the reconciler."""
    short = enqueue_job(kind="short_touch", target="a")
    workers.wipe()
    long = enqueue_job(kind="long_touch", target="b")
    workers.start("alone", *ALL_LANES)
    wait_until(lambda: all_done([short, long]), "not done")
    assert list(Job.objects.order_by("started_at").values_list("lane", flat=True)) == ["short", "long"]


def test_a_process_that_lent_itself_and_is_killed_loses_neither_job(workers: Workers) -> None:
    worker = workers.start("first", *ALL_LANES)
    long = enqueue_job(kind="hold", target="long")
    wait_until(lambda: state_of(long) == "running", "not held")
    short = Job.objects.create(kind="hold", target="short", lane="short")
    wait_until(lambda: state_of(short) == "running", "not lent to")
    worker.kill()
    worker.wait()
    for target in ("long", "short"):
        ending_file(target).touch()
    workers.start("second", *ALL_LANES)

    def is_done_again() -> bool:
        reconcile()
        return all_done([long, short])

    wait_until(is_done_again, "not done by the next worker")
    assert set(Job.objects.values_list("attempt", flat=True)) == {2}


def submit_small(owner: User, folder: Path) -> Deposit:
    """Hand in a file of a few kilobytes."""
    deposit = make_deposit(owner)
    axes = [{"name": name, "navigate": index < 2} for index, name in enumerate(("y", "x", "ky", "kx"))]
    counts = np.arange(4 * 4 * 8 * 8, dtype=np.uint16).reshape(4, 4, 8, 8)
    path = write_hspy(folder / "small.hspy", {"scan": (counts, axes)})
    store_file(deposit, "small.hspy", path.read_bytes())
    submit_deposit(deposit_id=deposit.pk, actor=owner)
    return deposit


@pytest.mark.long
@pytest.mark.parametrize("started", [(BOTH, SHORT), (ALL_LANES,)], ids=["two workers", "one process"])
def test_a_small_deposit_is_read_and_converted_while_a_long_conversion_runs(
    workers: Workers, tmp_path: Path, started: tuple[tuple[str, ...], ...]
) -> None:
    for number, words in enumerate(started):
        workers.start(f"worker{number}", *words)
    with held("a", make_deposit()):
        deposit = submit_small(make_user(), tmp_path)
        wait_until(
            lambda: Deposit.objects.get(pk=deposit.pk).state in {"needs_attention", "ready"},
            "not read and converted",
            seconds=240,
        )
        assert deposit.measurements.get().state == "converted"
        kinds = set(Job.objects.filter(deposit=deposit).values_list("kind", "lane", "state"))
        expected = ("inspect_deposit", "open_measurement", "convert_measurement")
        assert kinds == {(kind, "short", "done") for kind in expected}
