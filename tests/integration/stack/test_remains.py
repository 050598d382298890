"""What a killed, frozen or half-started Stemma left: found by start, stop and status, and nothing else is touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from project.stack.credentials import ensure_secrets
from project.stack.lock import find_holder
from project.stack.processes import identify
from project.stack.remains import PART_VARIABLE, find_remains
from tests.integration.stack.conftest import MakeStack, find_free_port
from tests.integration.stack.test_life import list_processes_of
from tests.patience import patient, wait_until
from tests.ties import tie
from tests.whole_stack import RunningStack

pytestmark = pytest.mark.xdist_group("stack")

# Holds a port as an orphan of the web server does, and does not hear SIGTERM.
DEAF_LISTENER = """
import signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
"""


@contextmanager
def listening(port: int, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that listens there, with these variables in its environment."""
    environment = {"PATH": os.environ["PATH"], **variables}
    process = subprocess.Popen(
        tie(sys.executable, "-c", DEAF_LISTENER, str(port)), env=environment, stdout=subprocess.PIPE, cwd="/"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n"
    yield process
    process.kill()
    process.communicate()


def kill_supervisor(stack: RunningStack) -> None:
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.process = None


def test_an_orphan_on_the_port_is_shown_and_ended(make_stack: MakeStack) -> None:
    port = find_free_port()
    stack = make_stack(port=port)
    home = {"STEMMA_HOME": str(stack.home.root)}
    with listening(port, **home, **{PART_VARIABLE: "web"}) as orphan:
        shown = stack.run("status")
        assert shown.returncode == 1
        assert f"left over   {orphan.pid:>7}" in shown.stdout
        stack.start()
        assert orphan.poll() == -signal.SIGKILL
        assert f"ending what an earlier start left: web ({orphan.pid})" in stack.output
    assert stack.stop() == 0
    with listening(port, **home, **{PART_VARIABLE: "web"}) as orphan:
        stopped = stack.run("stop")
        assert stopped.stdout.endswith("Stemma is stopped.\n")
        assert orphan.poll() == -signal.SIGKILL


def test_a_stranger_on_the_port_is_named_and_nothing_is_changed(make_stack: MakeStack) -> None:
    port = find_free_port()
    stack = make_stack(port=port)
    stack.start()
    assert stack.stop() == 0
    state = stack.home.state.read_bytes()
    # A shell or a test run has the variable too, and is no part for all that.
    with listening(port, STEMMA_HOME=str(stack.home.root)) as stranger:
        for command in ("up", "start"):
            refused = stack.run(command)
            assert refused.returncode == 1
            assert f"Port {port} is taken by process {stranger.pid}" in refused.stdout
            assert stack.home.state.read_bytes() == state
        assert stack.run("stop").stdout.startswith("No Stemma is running")
        assert stranger.poll() is None


def remove_state(stack: RunningStack) -> None:
    stack.home.state.unlink()


def empty_state(stack: RunningStack) -> None:
    stack.home.state.write_text("")


def cut_state(stack: RunningStack) -> None:
    stack.home.state.write_bytes(stack.home.state.read_bytes()[:200])


def change_version_of_state(stack: RunningStack) -> None:
    stack.home.state.write_text('{"phase": "ready", "colour": "blue"}')


def remove_state_and_lock(stack: RunningStack) -> None:
    remove_state(stack)
    stack.home.lock.unlink()


@pytest.mark.parametrize(
    "lose",
    [remove_state, empty_state, cut_state, change_version_of_state, remove_state_and_lock],
    ids=lambda lose: lose.__name__,
)
@pytest.mark.parametrize("is_supervised", [True, False], ids=["supervised", "orphaned"])
@pytest.mark.long
def test_stop_needs_no_state(
    make_stack: MakeStack, lose: Callable[[RunningStack], None], is_supervised: bool
) -> None:
    stack = make_stack()
    stack.start()
    if not is_supervised:
        os.kill(stack.pids["database"], signal.SIGSTOP)  # else it ends before it can be left over
        kill_supervisor(stack)
    lose(stack)
    assert stack.run("up").returncode == 1 if is_supervised else find_remains(stack.home, stack.state)
    stopped = stack.run("stop")
    assert stopped.stdout.endswith("Stemma is stopped.\n"), stopped.stdout + stopped.stderr
    assert list_processes_of(stack) == []


def test_stop_without_state_and_lock(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    remove_state_and_lock(stack)
    assert stack.run("status").returncode in {0, 1}, "it runs, and writes its state again"
    second = stack.run("up")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert stack.run("stop").stdout.endswith("Stemma is stopped.\n")
    assert list_processes_of(stack) == []


@pytest.mark.parametrize(
    "name",
    [
        "all",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("supervisor", "web", "worker", "beat", "broker", "database")
        ),
    ],
)
def test_a_frozen_part_does_not_keep_stop_from_ending_it(make_stack: MakeStack, name: str) -> None:
    stack = make_stack()
    stack.start()
    assert stack.process is not None
    if name == "all":
        frozen = [stack.process.pid, *stack.pids.values()]
    else:
        frozen = [stack.process.pid if name == "supervisor" else stack.pids[name]]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    stopped = stack.run("stop")
    assert stopped.stdout == "Stemma is stopped.\n", "it was ended in order"
    assert list_processes_of(stack) == []


def test_a_busy_backend_without_its_postmaster(make_stack: MakeStack) -> None:
    """A server process that is still attached to the shared memory keeps a new database from starting."""
    stack = make_stack()
    stack.start()
    password = ensure_secrets(stack.home).database_app
    port = stack.state.ports["database"]
    address = f"postgresql://stemma_app:{password}@127.0.0.1:{port}/stemma"
    with psycopg.connect(address, autocommit=True) as connection:
        backend = connection.info.backend_pid
        identity = identify(backend)
        assert identity is not None
        os.kill(backend, signal.SIGSTOP)
        stack.kill("supervisor", "database")
        assert identity.is_alive()
        stack.start()
        assert not identity.is_alive()
    assert stack.is_ready()


@pytest.mark.parametrize(
    "moment",
    [
        "database",
        pytest.param("broker", marks=pytest.mark.long),
        pytest.param("setup", marks=pytest.mark.long),
        pytest.param("worker", marks=pytest.mark.long),
        pytest.param("beat", marks=pytest.mark.long),
    ],
)
def test_a_supervisor_killed_while_it_starts(make_stack: MakeStack, moment: str) -> None:
    """A part has begun, and no state names it yet."""
    stack = make_stack()
    pid = stack.launch().pid

    def has_begun() -> bool:
        found = find_remains(stack.home, stack.state, supervisor=pid)
        return any(remnant.part == moment for remnant in found)

    wait_until(has_begun)
    kill_supervisor(stack)
    stack.start()
    assert stack.stop() == 0
    assert list_processes_of(stack) == []


@pytest.mark.long
@pytest.mark.parametrize("part", ["web", "beat", "worker", "broker", "database"])
def test_a_supervisor_killed_while_it_stops(make_stack: MakeStack, part: str) -> None:
    stack = make_stack()
    stack.start()
    identity = stack.identities[part]
    assert stack.process is not None
    stack.process.terminate()
    wait_until(lambda: not identity.is_alive() or part not in stack.pids)
    kill_supervisor(stack)
    stack.run("stop")
    assert list_processes_of(stack) == []
    stack.start()
    assert stack.is_ready()


def test_two_starts_at_once_give_one_stemma(make_stack: MakeStack) -> None:
    stack = make_stack()
    starts = [
        subprocess.Popen(
            tie(*stack.words("start")),
            env=dict(stack.environment),
            cwd=stack.checkout,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [start.communicate(timeout=patient(200))[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], told
    assert len([text for text in told if "already running" in text]) == 1, told
    assert find_holder(stack.home) is not None
    holds_lock = [pid for pid in stack.pids.values() if str(stack.home.lock) in list_open_files(pid)]
    assert holds_lock == [], "a part that inherits the lock would hold the home after the supervisor's death"
    assert stack.run("stop").returncode == 0
    assert list_processes_of(stack) == []


def list_open_files(pid: int) -> list[str]:
    return [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]


def test_an_interrupted_start_starts_nothing(make_stack: MakeStack) -> None:
    stack = make_stack()
    start = subprocess.Popen(
        tie(*stack.words("start")),
        env=dict(stack.environment),
        cwd=stack.checkout,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: bool(find_remains(stack.home, stack.state)))
    start.send_signal(signal.SIGINT)
    start.communicate(timeout=patient(120))
    assert start.returncode == 130
    assert list_processes_of(stack) == []


def test_what_deposits_the_examples_ends_with_the_supervisor(make_stack: MakeStack) -> None:
    stack = make_stack()
    program = stack.checkout / "project" / "stack" / "deposit_examples.py"
    program.write_text("import time\ntime.sleep(600)\n")
    stack.process = subprocess.Popen(
        tie(*stack.words("demo")), env=dict(stack.environment), cwd=stack.checkout, stdout=subprocess.DEVNULL
    )

    def has_begun() -> bool:
        return any("deposit_examples" in line for line in list_processes_of(stack))

    wait_until(has_begun, seconds=240)
    kill_supervisor(stack)
    wait_until(lambda: not has_begun())


def test_a_running_stack_writes_its_lost_state_again(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    url = stack.url
    for lose in (Path.unlink, lambda state: state.write_text("")):
        lose(stack.home.state)
        wait_until(lambda: stack.state.url == url)
        assert stack.run("status").returncode == 0
        again = stack.run("start")
        assert again.returncode == 0
        assert "already running" in again.stdout
