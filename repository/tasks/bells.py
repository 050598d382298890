"""What a message to and from the broker means: there is work in this lane. Which work, the database says.

As many bells are rung as there are jobs. A worker that hears one takes the job whose turn it is in any lane of its
own; where that was another lane than the bell's, it rings the bell again for whoever is free. Bells that ring for jobs
of a kind while another one of it runs find nothing; so whoever did that one rings for the next.

The row of a job is the outbox of its bell: a broker that is away costs a delay, not the job.
"""

import uuid
from typing import cast

import structlog
from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from repository.lanes import LANES, ONE_AT_A_TIME, Lane
from repository.services.jobs import claim_next_job, is_waiting, mark_announced, mark_unannounced
from repository.tasks.broker import BrokerAwayError, send
from repository.tasks.jobs import run_job
from repository.tasks.lanes import list_own_lanes
from repository.tasks.lending import lend_to_short_work

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
