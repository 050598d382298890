"""Which processes belong to a home: those that are marked, those that the state names, no stranger."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from project.stack.background import stop_background
from project.stack.home import StackHome, prepare_home
from project.stack.lock import HomeLock, describe_refusal, find_holder, is_locked
from project.stack.processes import die_with_parent, end_adopted, identify, list_children
from project.stack.remains import PART_VARIABLE, end_remains, find_remains, mark_part
from project.stack.state import PartStatus, StackState
from project.stack.terminal import Silence
from tests.ties import tie

SILENCE = Silence()


class Sleepers:
    """Starts processes that do nothing, with chosen variables, names and folders."""

    def __init__(self, cleanup: ExitStack) -> None:
        self._cleanup = cleanup

    def start(
        self, variables: dict[str, str], *, program: Path | str = "sleep", cwd: Path = Path("/")
    ) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"], **variables}
        process = subprocess.Popen(tie(program, "600"), env=environment, cwd=cwd)
        self._cleanup.callback(process.wait)
        self._cleanup.callback(process.kill)
        name = Path(program).name
        while (
            Path(f"/proc/{process.pid}/comm").read_text().strip() != name
        ):  # setpriv, until it has done its part
            os.sched_yield()
        return process


@pytest.fixture
def sleepers() -> Iterator[Sleepers]:
    with ExitStack() as cleanup:
        yield Sleepers(cleanup)


@pytest.fixture
def home(tmp_path: Path) -> StackHome:
    return prepare_home(tmp_path / "home")


def pids_of(home: StackHome, state: StackState | None = None) -> dict[int, str]:
    return {remnant.identity.pid: remnant.part for remnant in find_remains(home, state or StackState())}


def state_with(process: subprocess.Popen[bytes], *, later: int = 0) -> StackState:
    identity = identify(process.pid)
    assert identity is not None
    return StackState(parts=[PartStatus("web", pid=process.pid, started=identity.started + later)])


def test_a_marked_process_is_found_without_any_state(home: StackHome, sleepers: Sleepers) -> None:
    process = sleepers.start(mark_part(home, "worker-short"))
    assert pids_of(home) == {process.pid: "worker-short"}
    process.send_signal(signal.SIGSTOP)
    assert end_remains(home, StackState(), SILENCE) == 1
    assert process.wait() == -signal.SIGTERM, "a frozen one is thawed and ends in order"
    assert end_remains(home, StackState(), SILENCE) == 0


def test_a_home_by_another_path_is_the_same_home(home: StackHome, sleepers: Sleepers) -> None:
    link = home.root.with_name("link")
    link.symlink_to(home.root)
    process = sleepers.start(mark_part(home, "web"))
    assert pids_of(StackHome(link)) == {process.pid: "web"}


def test_a_shell_that_exported_the_home_is_no_part(home: StackHome, sleepers: Sleepers) -> None:
    sleepers.start({"STEMMA_HOME": str(home.root)}, cwd=home.root)
    assert pids_of(home) == {}


def test_parts_of_another_home_are_left_alone(home: StackHome, sleepers: Sleepers) -> None:
    other = sleepers.start({"STEMMA_HOME": f"{home.root}-2", PART_VARIABLE: "web"})
    assert pids_of(home) == {}
    assert pids_of(home, state_with(other)) == {}, "as a copied home's state names the original's parts"


def test_a_part_of_an_older_version_counts_when_the_state_names_it(
    home: StackHome, sleepers: Sleepers
) -> None:
    process = sleepers.start({"STEMMA_HOME": str(home.root)})
    assert pids_of(home, state_with(process)) == {process.pid: "web"}


def test_a_stranger_with_the_pid_of_a_part_is_left_alone(home: StackHome, sleepers: Sleepers) -> None:
    stranger = sleepers.start({})
    assert pids_of(home, state_with(stranger, later=-1)) == {}


@pytest.mark.parametrize(
    ("name", "folder", "part"),
    [
        ("postgres", "postgres", "database"),
        ("valkey-server", "valkey", "broker"),
        ("sleep", "postgres", None),
    ],
)
def test_a_server_is_known_by_where_it_works(
    home: StackHome, sleepers: Sleepers, name: str, folder: str, part: str | None
) -> None:
    """Servers write their title over their environment."""
    program = home.root.with_name(name)
    program.symlink_to("/bin/sleep")
    data = home.root / folder
    data.mkdir()
    process = sleepers.start({}, program=program, cwd=data)
    assert pids_of(home) == ({process.pid: part} if part else {})
    elsewhere = prepare_home(home.root.with_name("elsewhere"))
    assert pids_of(elsewhere) == {}


def test_whoever_asks_is_not_among_what_is_left(home: StackHome) -> None:
    program = (
        "import sys; from pathlib import Path; from project.stack.home import StackHome;"
        "from project.stack.remains import find_remains;"
        "from project.stack.state import StackState;"
        "print(find_remains(StackHome(Path(sys.argv[1])), StackState()))"
    )
    told = subprocess.run(
        tie(sys.executable, "-c", program, home.root),
        env={**os.environ, **mark_part(home, "web")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_stop_ends_what_is_left_in_a_home_that_was_removed(tmp_path: Path, sleepers: Sleepers) -> None:
    home = StackHome(tmp_path / "removed")
    process = sleepers.start(mark_part(home, "web"))
    assert stop_background(home, SILENCE) == 0
    assert process.wait() == -signal.SIGTERM


def test_stop_waits_for_whoever_holds_the_home_for_a_moment(home: StackHome, sleepers: Sleepers) -> None:
    """A start that just ends, or a check whether somebody holds the home, is no Stemma that cannot be seen."""
    lock, process = HomeLock(home), sleepers.start(mark_part(home, "web"))
    assert lock.acquire()
    giving_back = threading.Timer(0.5, lock.give_back)
    giving_back.start()
    try:
        assert stop_background(home, SILENCE) == 0
    finally:
        giving_back.join()
    assert process.wait() == -signal.SIGTERM
    assert not is_locked(home)


def test_only_a_supervisor_or_a_command_with_servers_holds_a_home(home: StackHome) -> None:
    lock = HomeLock(home)
    assert lock.acquire()
    assert find_holder(home) is None, "this test is neither"
    assert "cannot be seen from here" in describe_refusal(home, None)
    assert not HomeLock(home).acquire(seconds=0.1)
    lock.give_back()
    assert HomeLock(home).acquire()


def test_a_parent_that_died_before_is_noticed() -> None:
    """The child of a process that is gone asks for the signal too late, and is ended all the same."""
    child = os.fork()
    if child == 0:
        die_with_parent(signal.SIGKILL, parent=os.getppid() + 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_the_command_of_exec_leaves_no_child_behind() -> None:
    before = set(list_children())
    left = subprocess.Popen(
        tie(sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)")
    )
    end_adopted(before, seconds=0.5)
    assert identify(left.pid) is None
    left.returncode = -signal.SIGKILL  # it is buried already
