"""Which lanes a worker takes work from: those whose queues it listens to.

It says every few seconds that it lives and which these are; /readyz believes only that.
"""

import threading
from collections.abc import Sequence
from typing import Any

import structlog
from celery import current_app
from celery.signals import worker_ready
from django.db import DatabaseError, connection

from repository.lanes import LANES, Lane
from repository.services.jobs import record_worker_heartbeat


def list_own_lanes() -> tuple[Lane, ...]:
    """Return the lanes of this process; a worker that was told nothing takes both."""
    heard = current_app.amqp.queues.consume_from
    return tuple(lane for lane in LANES if lane in heard)


log = structlog.get_logger(__name__)
PAUSE_S = 3.0


@worker_ready.connect
def start_heartbeat(sender: Any = None, **_: Any) -> None:
    """Start the thread in the worker's main process, so that busy children do not silence it."""
    name = str(getattr(sender, "hostname", "worker"))
    words = (name, list_own_lanes())
    threading.Thread(target=_beat, args=words, name="worker-heartbeat", daemon=True).start()


def _beat(name: str, lanes: Sequence[Lane]) -> None:
    pause = threading.Event()
    while True:
        try:
            record_worker_heartbeat(name=name, lanes=lanes)
        except DatabaseError as fault:
            log.warning("worker_heartbeat_missed", reason=str(fault))
            connection.close()
        pause.wait(PAUSE_S)
