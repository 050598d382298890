"""Who holds a port: the process that listens on it, and not one that listens elsewhere."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from project.stack.ports import choose_port, describe_holder, is_free
from tests.ties import tie

LISTENER = """
import socket, sys
with socket.create_server((sys.argv[1], 0), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


@contextmanager
def listening(bind: str = "127.0.0.1") -> Iterator[tuple[int, int]]:
    """Yield pid and port of a program that listens."""
    with subprocess.Popen(
        tie(sys.executable, "-c", LISTENER, bind), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        yield program.pid, int(program.stdout.readline())
        program.communicate()


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1"])
def test_of_two_listeners_the_right_one_is_named(bind: str) -> None:
    with listening(bind) as (pid, port), listening() as (other_pid, other):
        assert describe_holder(port).startswith(f"process {pid} (")
        assert describe_holder(other).startswith(f"process {other_pid} (")
        assert len(describe_holder(port)) < 120
        assert not is_free(port, bind)


def test_a_port_that_nobody_has_is_nobodys() -> None:
    port = choose_port()
    assert is_free(port)
    assert describe_holder(port) == "a process of another account"
    assert choose_port(port) == port


def test_who_asks_elsewhere_holds_no_port() -> None:
    """A connection to a port is none that listens on it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert describe_holder(server.getsockname()[1]).startswith(f"process {os.getpid()} (")
        assert choose_port(server.getsockname()[1]) != server.getsockname()[1]
