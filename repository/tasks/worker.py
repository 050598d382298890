"""A worker says every few seconds that it lives and which lanes it serves; /readyz believes only that."""

import threading
from collections.abc import Sequence
from typing import Any

import structlog
from celery.signals import worker_ready
from django.db import DatabaseError, connection

from repository.lanes import Lane
from repository.services.jobs import record_worker_heartbeat
from repository.tasks.lanes import list_own_lanes

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
