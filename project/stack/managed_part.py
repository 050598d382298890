"""A part that is kept running."""

import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from project.stack.processes import Command, end, identify, kill_session, spawn
from project.stack.state import PartStatus

if TYPE_CHECKING:
    import subprocess

QUICK_DEATH_SECONDS = 10.0
FAILING_AFTER = 3
_DELAYS = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)


class ManagedPart:
    """Starts a command, notices its death, waits a little longer after each quick death, starts it again."""

    def __init__(self, name: str, address: str, make_command: Callable[[], Command]) -> None:
        self._make_command = make_command
        self._command: Command | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self._due: float | None = None
        self._quick_deaths = 0
        self.status = PartStatus(name=name, address=address)

    @property
    def name(self) -> str:
        return self.status.name

    @property
    def pid(self) -> int | None:
        return self.status.pid

    @property
    def is_failing(self) -> bool:
        return self._quick_deaths >= FAILING_AFTER

    def start(self) -> None:
        self._command = self._make_command()
        self._process = spawn(self._command)
        self._begun = time.monotonic()
        self._due = None
        identity = identify(self._process.pid)
        self.status.pid = self._process.pid
        self.status.started = None if identity is None else identity.started
        self.status.log = str(self._command.log)
        self.status.state = "failing" if self.is_failing else "running"

    def restart(self) -> None:
        """Start again; where the disk does not even take its files, count that as a quick death and try later."""
        try:
            self.start()
        except OSError as error:
            self._note_death(f"not started: {error.strerror}", quick=True)

    def has_died(self) -> bool:
        """Notice a death once: note the reason, clear what it left, and say when the next start is due."""
        if self._process is None or self._process.poll() is None:
            return False
        kill_session(self._process.pid)
        quick = time.monotonic() - self._begun < QUICK_DEATH_SECONDS
        self._note_death(describe_exit(self._process.returncode), quick=quick)
        return True

    def _note_death(self, how: str, *, quick: bool) -> None:
        self._quick_deaths = self._quick_deaths + 1 if quick else 0
        self._due = time.monotonic() + _DELAYS[min(self._quick_deaths, len(_DELAYS) - 1)]
        self.status.last_exit = how
        self.status.restarts += 1
        self.status.pid = self.status.started = None
        self.status.state = "failing" if self.is_failing else "restarting"
        self._process = None

    def has_settled(self) -> bool:
        """Tell once that a part which kept dying has stayed up for a while."""
        if self._process is None or self.status.state != "failing":
            return False
        if time.monotonic() - self._begun < QUICK_DEATH_SECONDS:
            return False
        self._quick_deaths = 0
        self.status.state = "running"
        return True

    def is_due(self) -> bool:
        return self._process is None and self._due is not None and time.monotonic() >= self._due

    def stop(self, *, is_urgent: Callable[[], bool]) -> None:
        """End it in order; an urgent stop gives it one second."""
        process, command = self._process, self._command
        if process is not None and command is not None:
            end(process, command, patience=lambda: 1.0 if is_urgent() else command.patience)
        self._process = self._due = None
        self.status.pid = self.status.started = None
        self.status.state = "stopped"


def describe_exit(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"exit {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
