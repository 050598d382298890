"""Brokers for tests that tell somebody of a job."""

from collections.abc import Iterator
from contextlib import contextmanager

from kombu import pools

from project.celery import app
from repository.tasks import broker


@contextmanager
def broker_at(address: str) -> Iterator[None]:
    """Point the application at another broker."""
    former = app.conf.broker_url, app.conf.broker_write_url
    try:
        app.conf.broker_url = app.conf.broker_write_url = address
        _forget_connections()
        yield
    finally:
        app.conf.broker_url, app.conf.broker_write_url = former
        _forget_connections()


def _forget_connections() -> None:
    broker.drop_producer()
    broker.rest.end()
    app._pool = app.amqp._producer_pool = None
    pools.reset()  # type: ignore[no-untyped-call]
