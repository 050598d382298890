"""What belongs to a home without a supervisor that tends it: found by what each process carries, and ended.

`stack.json` alone does not tell: it may be lost, cut or older than the newest process, and it names no children. So
`start`, `stop` and `status` look at the processes themselves.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from project.stack.home import StackHome, read_json
from project.stack.processes import (
    ProcessIdentity,
    identify,
    list_pids,
    read_command_line,
    read_name,
    read_parent,
    read_variables,
    send_signal,
    wait_until_gone,
)
from project.stack.state import StackState
from project.stack.terminal import Progress, StackError

PART_VARIABLE = "STEMMA_PART"

_SECONDS = 3.0  # work that is cut off here is taken up again
_SERVER_SECONDS = 20.0  # a database that ends in order need not recover
_SECONDS_TO_DIE = 10.0
_PAUSE_SECONDS = 0.05
_POSTGRES = "postgres"
# Servers write their title over their environment; where they work tells instead.
_SERVERS = {_POSTGRES: "database", "initdb": "database", "valkey-server": "broker"}
_SERVER_FOLDERS = ("postgres", "valkey", ".postgres.")
_STACK_PROGRAM = "project.stack"


@dataclass(frozen=True, slots=True)
class Remnant:
    """A process of a home, and the part that it is of."""

    identity: ProcessIdentity
    part: str
    parent: int

    def __str__(self) -> str:
        return f"{self.part} ({self.identity.pid})"


def mark_part(home: StackHome, part: str) -> dict[str, str]:
    """Return the variables by which a process and its children are known as a part of this home.

    STEMMA_HOME alone would not do: a person's shell, a client command and a test run have it too.
    """
    return {"STEMMA_HOME": str(home.root), PART_VARIABLE: part}


def find_remains(home: StackHome, former: StackState, *, supervisor: int | None = None) -> list[Remnant]:
    """Return the living processes of this home; `supervisor` is the one that tends them, if there is one."""
    search = _Search(
        root=os.path.realpath(home.root),
        folders=tuple(_list_server_folders(home)),
        known={part.identity: part.name for part in former.parts if part.identity is not None},
        supervisor=supervisor,
    )
    own = set(_list_ancestors(os.getpid()))
    return [found for pid in list_pids() if pid not in own and (found := search.look_at(pid)) is not None]


def end_remains(home: StackHome, former: StackState, progress: Progress) -> int:
    """End what a killed supervisor left behind, in order where it listens; return how many there were.

    Only for whoever holds the lock of the home: no supervisor tends these processes then.
    """
    left = find_remains(home, former)
    if not left:
        return 0
    progress.line(f"  ending what an earlier start left: {_list_briefly(left)}")
    pids = {remnant.identity.pid for remnant in left}
    for remnant in left:
        if remnant.parent not in pids:  # whoever has a parent among them is ended by it
            number = signal.SIGINT if remnant.part == "database" else signal.SIGTERM
            send_signal(remnant.identity.pid, number)
    thaw(left)
    servers = [remnant for remnant in left if remnant.part in _SERVERS.values()]
    for remnants, seconds in (([r for r in left if r not in servers], _SECONDS), (servers, _SERVER_SECONDS)):
        for identity in wait_until_gone([remnant.identity for remnant in remnants], seconds=seconds):
            send_signal(identity.pid, signal.SIGKILL)
    _kill_remains(home, former)
    return len(left)


def thaw(remnants: Iterable[Remnant]) -> None:
    """Let stopped processes go on: they hear no other signal but SIGKILL."""
    for remnant in remnants:
        send_signal(remnant.identity.pid, signal.SIGCONT)


def _kill_remains(home: StackHome, former: StackState) -> None:
    """Kill, and look again: a part may have started another process meanwhile."""
    deadline = time.monotonic() + _SECONDS_TO_DIE
    while left := find_remains(home, former):
        if time.monotonic() > deadline:
            raise StackError(
                f"Processes of an earlier start do not end: {_list_briefly(left)}. "
                "End them by hand, then start again."
            )
        for remnant in left:
            send_signal(remnant.identity.pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def _list_briefly(remnants: list[Remnant], most: int = 12) -> str:
    more = f" and {len(remnants) - most} more" if len(remnants) > most else ""
    return ", ".join(map(str, remnants[:most])) + more


@dataclass(frozen=True, slots=True)
class _Search:
    """What decides whether a process belongs to a home.

    Attributes
    ----------
    root
        The home without symbolic links.
    folders
        Where database and broker of this home may keep their data.
    known
        The parts that the state names. Pid *and* start time agree, so that no stranger with a reused pid counts.
    """

    root: str
    folders: tuple[str, ...]
    known: dict[ProcessIdentity, str]
    supervisor: int | None

    def look_at(self, pid: int) -> Remnant | None:
        identity = identify(pid)
        if identity is None:
            return None
        part = self._name_part(identity)
        return None if part is None else Remnant(identity, part, read_parent(pid))

    def _name_part(self, identity: ProcessIdentity) -> str | None:
        known = self.known.get(identity)
        variables = read_variables(identity.pid)
        if "STEMMA_HOME" in variables:
            ours = os.path.realpath(variables["STEMMA_HOME"]) == self.root
            return (variables.get(PART_VARIABLE) or known) if ours else None
        server = _SERVERS.get(read_name(identity.pid))
        if server is None:
            return known
        folder = _read_working_folder(identity.pid)
        if folder is None:  # another account's process, which may not be looked into: the state's word counts
            return known
        return server if self._is_server_folder(folder) and not self._is_tended(identity.pid) else None

    def _is_server_folder(self, folder: str) -> bool:
        for parent in self.folders:
            within = folder.removeprefix(f"{parent}/")
            if within != folder and within.startswith(_SERVER_FOLDERS):
                return True
        return False

    def _is_tended(self, pid: int) -> bool:
        """Tell whether another supervisor tends this server: a copied home names the servers of the original.

        `exec` does not count: it tends servers in a home that it has locked, and adopts the orphans of all others.
        """
        parent = read_parent(pid)
        while read_name(parent) == _POSTGRES:
            parent = read_parent(parent)
        return parent != self.supervisor and _is_supervisor(read_command_line(parent))


def _is_supervisor(words: tuple[str, ...]) -> bool:
    return any(pair in {(_STACK_PROGRAM, "up"), (_STACK_PROGRAM, "demo")} for pair in pairwise(words))


def _list_server_folders(home: StackHome) -> Iterator[str]:
    noted = read_json(home.servers_note).get("folder")
    for folder in (home.root, home.relocated, noted):
        if folder is not None:
            yield os.path.realpath(str(folder))


def _read_working_folder(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink()).removesuffix(" (deleted)")
    except OSError:
        return None


def _list_ancestors(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        pid = read_parent(pid)
