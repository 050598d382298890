"""Deposits that outlive the connection, the client and the server."""

import hashlib
import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stemma
from tests.client.conftest import Shell
from tests.client.experiments import write_experiment
from tests.patience import patient, wait_until

BLOCK = 65_536
SIZE = 8_000_000


class CuttingRelay:
    """A TCP relay before the server that breaks or holds connections after so many bytes upwards."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._cut_at: int | None = None
        self._pause_at: int | None = None
        self._going = threading.Event()
        self._going.set()
        self.passed = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def was_cut(self) -> bool:
        return self._cut_at is None

    def cut_when(self, passed: int) -> None:
        self._cut_at = passed

    def pause_at(self, passed: int) -> None:
        """Let nothing more upwards after so many bytes, until `cut`."""
        self._pause_at = passed

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        self._pause_at = None
        self._going.set()
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target), timeout=patient(5))
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                with self._lock:
                    self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, upwards: bool) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK):
                sink.sendall(block)
                if upwards:
                    self.passed += len(block)
                    self._interfere()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _interfere(self) -> None:
        if self._cut_at is not None and self.passed >= self._cut_at:
            self._cut_at = None
            self.cut()
        if self._pause_at is not None and self.passed >= self._pause_at:
            self._going.clear()
            self._going.wait()


@contextmanager
def relaying(port: int) -> Iterator[CuttingRelay]:
    relay = CuttingRelay(port)
    try:
        yield relay
    finally:
        relay.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Write a file that is stored and not read: these tests are about the way there."""
    path = tmp_path / "large.bin"
    path.write_bytes(np.random.default_rng(5).bytes(SIZE))
    return path


@pytest.mark.parametrize(
    "share", [pytest.param(0.1, marks=pytest.mark.long), 0.5, pytest.param(0.99, marks=pytest.mark.long)]
)
def test_upload_goes_on_after_the_connection_was_cut(
    shell: Shell, live_stack: Any, large: Path, share: float
) -> None:
    with relaying(live_stack.port) as relay:
        relay.cut_when(int(SIZE * share))
        shell.environment["STEMMA_URL"] = relay.url
        record = shell.run_json("deposit", large)
        assert relay.was_cut
        assert relay.passed < SIZE * 1.1 + 1_000_000  # what had arrived was not sent again
    (file,) = record["files"]
    assert (file["state"], file["sha256"]) == ("stored", hashlib.sha256(large.read_bytes()).hexdigest())


def test_upload_goes_on_after_the_client_was_killed(shell: Shell, live_stack: Any, large: Path) -> None:
    with relaying(live_stack.port) as relay:
        shell.environment["STEMMA_URL"] = relay.url
        relay.pause_at(SIZE // 2)
        process = shell.start("deposit", large, "--json")
        wait_until(lambda: relay.passed >= SIZE // 2)
        process.kill()
        process.communicate()
        relay.cut()
        record = shell.run_json("deposit", large)
        assert relay.passed < SIZE * 1.1 + 1_000_000
    assert shell.run_json("status")["results"][0]["id"] == record["id"]
    assert record["files"][0]["state"] == "stored"


def test_interrupt_says_how_to_go_on(shell: Shell, live_stack: Any, large: Path) -> None:
    with relaying(live_stack.port) as relay:
        shell.environment["STEMMA_URL"] = relay.url
        relay.pause_at(SIZE // 2)
        process = shell.start("deposit", large)
        wait_until(lambda: relay.passed >= SIZE // 2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=patient(60))
    assert process.returncode == 130
    assert "the same command goes on" in told


def test_server_that_is_away_is_exit_code_4(shell: Shell, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path / "away", scan_shape=(2, 2))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    shell.environment.update(STEMMA_URL=f"http://127.0.0.1:{port}", STEMMA_RETRY_SECONDS="1")
    problem = shell.run_json("deposit", experiment.folder, code=4)
    assert problem["code"] == "server_unreachable"


def end_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for a command; one that hangs is killed, and what it said is shown."""
    try:
        return process.communicate(timeout=patient(400))
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"It hung.\n{process.communicate()[1]}")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_deposit_outlives_the_death_of_all_servers(tmp_path: Path) -> None:
    """Web, worker, broker and database are killed in the middle of an upload: it just takes longer."""
    from tests.client.conftest import make_shell
    from tests.whole_stack import running_stack

    experiment = write_experiment(tmp_path / "death", scan_shape=(40, 40))
    with running_stack(tmp_path / "stack") as stack:
        shell = make_shell(tmp_path / "home", url=stack.url, token=stack.credentials.token)
        with relaying(stack.port) as relay:
            shell.environment["STEMMA_URL"] = relay.url
            process = shell.start("deposit", experiment.folder, "--json")
            wait_until(lambda: relay.passed > 20_000_000)
            stack.kill("web", "worker", "broker", "database")
            out, told = end_of(process)
        assert process.returncode == 0, told
        record = json.loads(out)
        assert {file["state"] for file in record["files"]} == {"stored"}
        (measurement,) = record["measurements"]
        assert measurement["signals"][0]["shape"] == list(experiment.patterns.shape), f"{out}\n{told}"
        with stemma.connect(stack.url, stack.credentials.token) as client:
            pattern = client.open(record["id"]).measurements[0]["data"][39, 39]
        np.testing.assert_array_equal(pattern, experiment.patterns[39, 39])
