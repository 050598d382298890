"""Which lanes this process takes work from: those whose queues its worker listens to."""

from celery import current_app

from repository.lanes import LANES, Lane


def list_own_lanes() -> tuple[Lane, ...]:
    """Return the lanes of this process; a worker that was told nothing takes both."""
    heard = current_app.amqp.queues.consume_from
    return tuple(lane for lane in LANES if lane in heard)
