"""One supervisor per home, and one start at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from project.stack.home import StackHome
from project.stack.processes import ProcessIdentity, identify, list_pids, read_command_line
from project.stack.state import load_state

_PAUSE_SECONDS = 0.05
_STACK_PROGRAM = "project.stack"
_TENDING = frozenset({"up", "demo", "exec"})


class HomeLock:
    """A lock that the kernel releases however its holder ends; children do not inherit it."""

    def __init__(self, home: StackHome) -> None:
        self._path = home.lock
        self._descriptor: int | None = None

    def acquire(self, *, seconds: float = 0.0) -> bool:
        """Take the lock, if need be once its holder is done; return whether that worked."""
        deadline = time.monotonic() + seconds
        # Only for reading: a disk that cannot be written must not keep anybody from stopping what runs.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(_PAUSE_SECONDS)
            else:
                self._descriptor = descriptor
                return True

    def give_back(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that tends a home, and the command of the stack that it runs: up, demo or exec."""

    identity: ProcessIdentity
    command: str

    @property
    def is_supervisor(self) -> bool:
        return self.command != "exec"


def find_holder(home: StackHome) -> Holder | None:
    """Return who tends this home, whatever its state file says; None where nobody does, or nobody we may see."""
    for pid in list_pids():
        words = read_command_line(pid)
        command = words[words.index(_STACK_PROGRAM) + 1 :][:1] if _STACK_PROGRAM in words else ()
        identity = identify(pid) if command and command[0] in _TENDING else None
        if identity is not None and _holds(pid, os.path.realpath(home.lock)):
            return Holder(identity, command[0])
    return None


def _holds(pid: int, lock: str) -> bool:
    """Tell whether a process has the lock on this file; one that was removed meanwhile counts too."""
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if str(link.readlink()).removesuffix(" (deleted)") == lock:
                return "FLOCK" in Path(f"/proc/{pid}/fdinfo/{link.name}").read_text(encoding="ascii")
    except OSError:
        return False  # it ended meanwhile, or belongs to somebody else
    return False


def describe_refusal(home: StackHome, holder: Holder | None) -> str:
    """Say who holds the home that was wanted, and what can be done."""
    if holder is None:
        return (
            f"Another Stemma holds {home.root}, and cannot be seen from here: it runs in a container, on another "
            "machine or under another account. Stop it there, or set STEMMA_HOME to another folder."
        )
    pid = holder.identity.pid
    if not holder.is_supervisor:
        return (
            f"A command with servers of its own works in {home.root} (process {pid}) and ends them itself. "
            "End that command, or set STEMMA_HOME to another folder."
        )
    url = load_state(home.state).url
    where = f" at {url}" if url else ""
    return (
        f"Stemma is already running{where} (process {pid}). "
        "`make status` shows its parts, `make stop` ends it; "
        "another STEMMA_HOME and STEMMA_PORT give a second one."
    )


def is_locked(home: StackHome) -> bool:
    """Tell whether somebody holds this home now."""
    lock = HomeLock(home)
    if lock.acquire():
        lock.give_back()
        return False
    return True


@contextmanager
def one_start_at_a_time(home: StackHome) -> Iterator[None]:
    """Let a second `start` wait for the first one's result."""
    with home.start_lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
