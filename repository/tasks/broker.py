"""The broker as a request meets it: it answers within two seconds, or it counts as away.

Celery's own way to send waits for as long as the broker takes: right for a worker, which has nothing else to do, and
wrong where a person waits. What is not sent here is sent by the reconciler, for the row of the job is the truth.
"""

import threading
import time
from typing import Any

from celery import Task, current_app
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError
from kombu.messaging import Producer

PATIENCE_S = 2.0
QUICK_S = 0.5
"""A fault within so short a time is a connection that the broker has closed meanwhile, or a broker that refuses."""
REST_S = 3.0
"""So long nobody tries again after the broker was silent: a deposit of many files waits for it once."""

_ONE_TRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_BOUNDS = {
    "redis": {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S, "retry_on_timeout": False},
    "amqp": {"read_timeout": PATIENCE_S, "write_timeout": PATIENCE_S},
}
_mine = threading.local()


class BrokerAwayError(Exception):
    """The broker did not take a message, or did not answer, in time."""


class _Rest:
    """Remembers for a moment that the broker was silent."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + REST_S

    def end(self) -> None:
        self._until = 0.0

    def is_on(self) -> bool:
        return time.monotonic() < self._until


rest = _Rest()


def send(task: Task, *, args: list[Any], queue: str) -> None:
    """Send the message of a task.

    Raises
    ------
    BrokerAwayError
        The broker is away, or it was silent a moment ago.
    """
    if rest.is_on():
        raise BrokerAwayError("The broker was silent a moment ago; it is not asked again just yet.")
    for is_last in (False, True):
        begin = time.monotonic()
        producer = _get_producer()
        try:
            task.apply_async(args=args, queue=queue, producer=producer, retry=False)
        except _list_faults(producer.connection) as fault:
            drop_producer()
            took = time.monotonic() - begin
            if took > QUICK_S:
                rest.begin()
            if is_last or took > QUICK_S:
                raise BrokerAwayError(_say(fault)) from fault
        else:
            rest.end()
            return


def ask_broker() -> None:
    """Connect, open a channel, and hang up.

    Raises
    ------
    BrokerAwayError
        The broker is away.
    """
    connection = _make_connection()
    try:
        connection.default_channel.close()  # type: ignore[no-untyped-call]  # kombu's types are partial
    except _list_faults(connection) as fault:
        raise BrokerAwayError(_say(fault)) from fault
    else:
        rest.end()
    finally:
        connection.collect()  # type: ignore[no-untyped-call]


def _make_connection() -> Connection:
    kind = current_app.connection_for_write().transport.driver_type
    connection: Connection = current_app.connection_for_write(
        connect_timeout=PATIENCE_S, transport_options={**_BOUNDS.get(kind, {}), **_ONE_TRY}
    )
    return connection


def _get_producer() -> Producer:
    """Return this thread's producer; its connection is made when it is first used."""
    if getattr(_mine, "producer", None) is None:
        _mine.producer = Producer(_make_connection(), auto_declare=False)  # type: ignore[no-untyped-call]
    producer: Producer = _mine.producer
    return producer


def drop_producer() -> None:
    """Forget this thread's connection without a word to the broker, which may not listen."""
    producer, _mine.producer = getattr(_mine, "producer", None), None
    if producer is not None and producer.connection is not None:
        producer.connection.collect()


def _list_faults(connection: Connection) -> tuple[type[BaseException], ...]:
    """Return what a transport raises where its broker is away; each has words of its own for it."""
    return (KombuError, BrokerError, OSError, *connection.connection_errors, *connection.channel_errors)


def _say(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or ["It does not answer."])[0]
