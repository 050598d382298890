"""What a message to and from the broker means: there is work in this lane. Which work, the database says.

As many bells are rung as there are jobs. A worker that hears one takes the job whose turn it is in any lane of its
own; where that was another lane than the bell's, it rings the bell again for whoever is free. Bells that ring for jobs
of a kind while another one of it runs find nothing; so whoever did that one rings for the next.

The row of a job is the outbox of its bell: a broker that is away costs a delay, not the job.

A process that waits for its confined conversion lends itself to short work. The conversion runs in a child; this
process only carries its messages. Where nobody else has taken a short job within a moment, as on a machine with a
single worker process, a second thread here does it. The thread has its own connection to the database and does one
job at a time; the long job's result does not wait for it.
"""

import datetime as dt
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import cast

import structlog
from celery import current_app, shared_task
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from repository.lanes import LANES, ONE_AT_A_TIME, Lane
from repository.services.jobs import ClaimedJob, claim_next_job, is_waiting, mark_announced, mark_unannounced
from repository.tasks.broker import BrokerAwayError, send
from repository.tasks.jobs import run_job
from repository.tasks.worker import list_own_lanes

log = structlog.get_logger(__name__)


@shared_task(name="stemma.answer_bell")
def answer_bell(lane: str) -> None:
    """Do the next job of this process's lanes, if one waits."""
    lanes = list_own_lanes()
    claim = claim_next_job(lanes=lanes)
    if claim is None:
        return
    if claim.lane != lane:
        ring(cast("Lane", lane))
    with lend_to_short_work(claim, lanes):
        run_job(claim)
    if claim.kind in ONE_AT_A_TIME and is_waiting(kind=claim.kind):
        ring(claim.lane)


def ring(lane: Lane) -> bool:
    """Say that the lane holds work; `False` when the broker is away, and the reconciler says it later."""
    try:
        send(answer_bell, args=[lane], queue=lane)
    except BrokerAwayError as fault:
        log.warning("broker_away", lane=lane, reason=str(fault))
        return False
    return True


def list_unheard_bells() -> list[Lane]:
    """Return the lanes in whose queues bells wait for a free worker; none when the broker cannot say."""
    with current_app.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0)
            channel = connection.channel()
            queues = {lane: current_app.amqp.queues[lane](channel) for lane in LANES}
            return [lane for lane, queue in queues.items() if queue.queue_declare().message_count]
        except (OperationalError, *connection.connection_errors, *connection.channel_errors) as fault:
            log.warning("broker_away", reason=str(fault))
            return []


def announce_job(job_id: uuid.UUID, lane: Lane) -> bool:
    """Ring for the job; `False` when the broker is away, and the reconciler rings later.

    The row is written before the bell is rung: a worker that hears the bell passes over a row which somebody is
    writing, finds nothing to do, and the bell is gone.
    """
    mark_announced(job_id=job_id)
    if ring(lane):
        return True
    mark_unannounced(job_id=job_id)
    return False


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
