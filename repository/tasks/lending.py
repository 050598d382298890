"""A process that waits for its confined conversion lends itself to short work.

The conversion runs in a child; this process only carries its messages. Where nobody else has taken a short job within
a moment, as on a machine with a single worker process, a second thread here does it. The thread has its own
connection to the database and does one job at a time; the long job's result does not wait for it.
"""

import datetime as dt
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, connection

from repository.lanes import Lane
from repository.services.jobs import ClaimedJob, claim_next_job
from repository.tasks.jobs import run_job

log = structlog.get_logger(__name__)
SHORT_WORK: tuple[Lane, ...] = ("short",)
PAUSE_S = 1.0
LEFT_TO_OTHERS = dt.timedelta(seconds=1)


@contextmanager
def lend_to_short_work(claim: ClaimedJob, lanes: Collection[Lane]) -> Iterator[None]:
    """Do short work beside this job, if the job is long and this process takes short work at all."""
    if claim.lane == "short" or "short" not in lanes:
        yield
        return
    is_over = threading.Event()
    thread = threading.Thread(target=_lend, args=(is_over,), name=f"lent-by-{claim.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        # The pool may end this process after the task: no job may be left in it.
        thread.join()


def _lend(is_over: threading.Event) -> None:
    while not is_over.wait(PAUSE_S):
        try:
            _do_waiting(is_over)
        except DatabaseError as fault:
            log.warning("lending_interrupted", reason=str(fault))
        finally:
            connection.close()


def _do_waiting(is_over: threading.Event) -> None:
    """Do what waits, one after the other, until nothing does or the long job is over."""
    while not is_over.is_set():
        claim = claim_next_job(lanes=SHORT_WORK, waited=LEFT_TO_OTHERS)
        if claim is None:
            return
        log.info("job_lent_to", job=str(claim.id), kind=claim.kind)
        run_job(claim)
