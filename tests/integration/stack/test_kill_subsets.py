"""kill -9 of every subset of the stack at once: it heals or starts again, and `stop` leaves nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, combinations
from pathlib import Path

import pytest

from project.stack.processes import ProcessIdentity, identify
from tests.integration.stack.conftest import MakeStack, find_free_port
from tests.integration.stack.test_life import list_processes_of
from tests.whole_stack import RunningStack, running_stack

pytestmark = pytest.mark.xdist_group("stack")

MEMBERS = ("supervisor", "web", "web's workers", "worker", "beat", "broker", "database")
POOL = "worker's pool"
WORKERS = ("worker", "worker-short")  # one member: both lanes
PARTS = frozenset({"web", "beat", "broker", "database", *WORKERS})
SUBSETS = [
    *chain.from_iterable(combinations(MEMBERS, size) for size in range(1, len(MEMBERS) + 1)),
    *((*members, POOL) for members in ((), ("supervisor",), ("worker",), ("supervisor", "worker"), MEMBERS)),
]
# The first is what was seen: orphans of the web server held its port, and no start and no stop knew of them.
TELLING = [
    ("supervisor", "web"),
    ("supervisor", "worker", "database"),
    ("supervisor", "web", "web's workers", "worker", "beat", "broker"),
    ("web's workers", "broker", "database"),
]


def describe(subset: tuple[str, ...]) -> str:
    return "+".join(subset)


def list_children(pid: int) -> list[ProcessIdentity]:
    """Return the direct children of a process."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [identity for word in words if (identity := identify(int(word))) is not None]


def find_members(stack: RunningStack) -> dict[str, list[ProcessIdentity]]:
    """Return the processes behind each name; of what is just being restarted there are none."""
    parts = stack.identities
    if not parts.keys() >= PARTS:
        return {name: [] for name in (*MEMBERS, POOL)}
    supervisor = stack.state.supervisor
    assert supervisor is not None
    return {
        **{name: [identity] for name, identity in parts.items()},
        "worker": [parts[name] for name in WORKERS],
        "supervisor": [supervisor],
        "web's workers": list_children(parts["web"].pid),
        POOL: [child for name in WORKERS for child in list_children(parts[name].pid)],
    }


def is_whole(stack: RunningStack, names: tuple[str, ...], killed: list[ProcessIdentity]) -> bool:
    """Tell whether everything runs, and nothing of what was killed."""
    if not stack.is_ready():
        return False
    try:
        now = find_members(stack)
    except FileNotFoundError:  # it died meanwhile
        return False
    running = [identity for identities in now.values() for identity in identities]
    return all(now[name] for name in names) and not set(killed) & set(running)


def kill_and_recover(stack: RunningStack, subset: tuple[str, ...]) -> None:
    """Kill the subset of a running Stemma at once, bring it back as a person would, and stop it."""
    names = (*MEMBERS, POOL)
    stack.wait_until(lambda: is_whole(stack, names, []), seconds=60, what="whole")
    members = find_members(stack)
    killed = [identity for name in subset for identity in members[name]]
    assert all(members[name] for name in subset), "a subset of nothing would be no test"
    for identity in killed:
        with suppress(ProcessLookupError):  # what was killed first takes others with it
            os.kill(identity.pid, signal.SIGKILL)
    if "supervisor" in subset:
        assert stack.process is not None
        stack.process.wait()
        stack.start()
    stack.wait_until(lambda: is_whole(stack, names, killed), seconds=90, what="whole again")
    assert stack.stop() == 0
    assert list_processes_of(stack) == []


@pytest.mark.parametrize(
    "subset",
    [TELLING[0], *(pytest.param(subset, marks=pytest.mark.long) for subset in TELLING[1:3]), TELLING[3]],
    ids=describe,
)
def test_a_telling_subset(make_stack: MakeStack, subset: tuple[str, ...]) -> None:
    stack = make_stack(port=find_free_port())  # a port of its own choice: an orphan on it is in the way
    stack.start()
    kill_and_recover(stack, subset)


@pytest.fixture(scope="module")
def small(make_module_stack: MakeStack) -> RunningStack:
    """Return one miniature Stemma for all subsets."""
    return make_module_stack()


@pytest.mark.long
@pytest.mark.parametrize("subset", SUBSETS, ids=describe)
def test_every_subset(small: RunningStack, subset: tuple[str, ...]) -> None:
    if not small.is_running:
        small.start()
    kill_and_recover(small, subset)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Yield one whole Stemma, with two web workers."""
    folder = tmp_path_factory.mktemp("whole")
    with running_stack(folder / "home", env={"STEMMA_WEB_WORKERS": "2"}) as stack:
        yield stack


@pytest.mark.long
@pytest.mark.parametrize(
    "subset", [*TELLING, MEMBERS, ("supervisor",), ("web",), ("worker", "database")], ids=describe
)
def test_subsets_of_the_whole_application(whole: RunningStack, subset: tuple[str, ...]) -> None:
    if not whole.is_running:
        whole.start()
    kill_and_recover(whole, subset)
