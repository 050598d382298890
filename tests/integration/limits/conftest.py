"""A real web server with two processes on the tests' database, and visitors with addresses of their own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
from django.db import connection

from project.environment import CHECKOUT
from tests.patience import patient, wait_until
from tests.still_counts import let_nothing_come_back
from tests.ties import tie

PROXY = "127.0.0.10"
STRANGER = "127.0.0.66"
REQUESTS = 30


def compose_environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that works on this test's database, whatever the broker."""
    rows = connection.settings_dict
    address = f"postgresql://{rows['USER']}:{rows['PASSWORD']}@{rows['HOST']}:{rows['PORT']}/{rows['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": address,
        # Nobody listens there: what is counted beside the broker would be counted by each process for itself.
        "BROKER_URL": "amqp://nobody:none@127.0.0.1:9//",
        "STEMMA_ANONYMOUS_REQUESTS_PER_MINUTE": f"{REQUESTS}",
        **more,
    }


@contextmanager
def running_web(**more: str) -> Iterator[str]:
    """Run the web server as in production, in two processes; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "2", "--no-ws"]
    command += ["project.stack.web_children:application"]
    with subprocess.Popen(
        tie(*command), cwd=CHECKOUT, env=compose_environment(**more), stdin=subprocess.DEVNULL
    ) as server:
        try:
            _wait(server, f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(patient(30))


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    def is_there() -> bool:
        assert server.poll() is None, "the web server ended"
        with suppress(httpx.TransportError):
            return httpx.get(address).status_code == 200
        return False

    wait_until(is_there, "the web server did not start", seconds=120)


@pytest.fixture(scope="module")
def web_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_web(
        STEMMA_HOME=str(tmp_path_factory.mktemp("web") / "home"),
        STEMMA_TRUSTED_PROXIES=PROXY,
        STEMMA_PUBLIC_URL="https://stemma.test",
    ) as address:
        yield address


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing come back during a test."""
    let_nothing_come_back(monkeypatch)


@contextmanager
def calling_from(address: str, server: str, **more: Any) -> Iterator[httpx.Client]:
    """Yield a client whose connections come from an address, each request by a new one: any process may answer."""
    transport = httpx.HTTPTransport(local_address=address, limits=httpx.Limits(max_keepalive_connections=0))
    with httpx.Client(transport=transport, base_url=server, timeout=patient(60), **more) as client:
        yield client
