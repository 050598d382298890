"""A real web server with two processes on the tests' database, and visitors with addresses of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.db import connection

from repository.limits import Charge, Limit
from repository.project.environment import CHECKOUT
from tests.ties import tie

PROXY = "127.0.0.10"
STRANGER = "127.0.0.66"
REQUESTS = 30
PATIENCE_S = 120.0


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
    command += ["repository.project.stack.web_children:application"]
    with subprocess.Popen(
        tie(*command), cwd=CHECKOUT, env=compose_environment(**more), stdin=subprocess.DEVNULL
    ) as server:
        try:
            _wait(server, f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the web server did not start")


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
    """Let attempts come back a thousand times slower: none does during a test, however slow the machine is."""
    soon = Limit.of

    def late(limit: Limit, *subject: str) -> Charge:
        charge = soon(limit, *subject)
        return replace(charge, step_s=charge.step_s * 1000, span_s=charge.span_s * 1000)

    monkeypatch.setattr(Limit, "of", late)


@contextmanager
def calling_from(address: str, server: str, **more: Any) -> Iterator[httpx.Client]:
    """Yield a client whose connections come from an address, each request by a new one: any process may answer."""
    transport = httpx.HTTPTransport(local_address=address, limits=httpx.Limits(max_keepalive_connections=0))
    with httpx.Client(transport=transport, base_url=server, timeout=60, **more) as client:
        yield client
