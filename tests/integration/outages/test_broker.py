"""The broker asked in its own protocol, where it is well, dead, frozen and back again."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.health import check_broker
from project.celery import app
from repository.tasks import broker
from repository.tasks.bells import answer_bell
from repository.tasks.broker import BrokerAwayError, ask_broker, send
from tests.brokers import broker_at
from tests.integration.outages.rabbitmq import RabbitMQ, is_installed
from tests.patience import within

BOUND_S = 15.0
"""Two seconds for each step on an idle machine; never without end."""


@pytest.mark.parametrize("address", ["amqp://a:b@127.0.0.1:9//", "redis://127.0.0.1:9/0"])
def test_a_dead_broker_is_named_and_costs_no_time(address: str) -> None:
    with broker_at(address), within(BOUND_S):
        health = check_broker()
        assert (health.name, health.is_ok) == ("broker", False)
        assert "refused" in health.detail
        with pytest.raises(BrokerAwayError, match="refused"):
            send(answer_bell, args=["nothing"], queue="short")


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_a_broker_that_takes_calls_and_says_nothing_is_given_up_on(scheme: str) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, broker_at(f"{scheme}://a:b@127.0.0.1:{silent.getsockname()[1]}//"), within(BOUND_S):
        with pytest.raises(BrokerAwayError):
            ask_broker()
        with pytest.raises(BrokerAwayError):
            send(answer_bell, args=["short"], queue="short")


def test_a_broker_that_was_silent_is_left_alone_for_a_moment_and_asked_again_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with broker_at("memory://"):
        broker.rest.begin()
        with pytest.raises(BrokerAwayError, match="a moment ago"):
            send(answer_bell, args=["nothing"], queue="short")
        ask_broker()  # readiness asks for itself, and what it learns counts
        send(answer_bell, args=["nothing"], queue="short")


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[RabbitMQ]:
    if not is_installed():
        pytest.skip("needs RabbitMQ: apt-get install rabbitmq-server")
    server = RabbitMQ(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.mark.long
def test_a_real_rabbitmq_well_frozen_dead_and_back(rabbitmq: RabbitMQ) -> None:
    with broker_at(rabbitmq.url):
        assert check_broker().is_ok
        send(answer_bell, args=["first"], queue="short")

        rabbitmq.signal(signal.SIGSTOP)
        with within(BOUND_S):
            assert not check_broker().is_ok
            broker.drop_producer()
            with pytest.raises(BrokerAwayError):
                send(answer_bell, args=["second"], queue="short")
            with pytest.raises(BrokerAwayError, match="a moment ago"):
                send(answer_bell, args=["third"], queue="short")
        rabbitmq.signal(signal.SIGCONT)
        assert check_broker().is_ok
        send(answer_bell, args=["second"], queue="short")

        rabbitmq.kill()
        health = check_broker()
        assert not health.is_ok, "the process's own memory answers, but it is not the broker"
        with pytest.raises(BrokerAwayError):
            send(answer_bell, args=["third"], queue="short")

        rabbitmq.start()
        assert check_broker().is_ok
        send(answer_bell, args=["third"], queue="short")
        connection = app.connection_for_read()
        with connection.default_channel as channel:
            waiting = channel.queue_declare("short", passive=True).message_count
        connection.release()
        assert waiting >= 1, "the new server has the message; what the kill cost, the reconciler sends again"
