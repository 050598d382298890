"""The process of one run as its parent holds it: fresh here, forked from a zygote in `confined.sandbox.forking`."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

_PAUSE_S = 0.002


@dataclass(frozen=True, slots=True)
class Usage:
    """How a process ended: exit status (negative for a signal), processor seconds, peak resident MiB."""

    status: int
    cpu_s: float
    peak_mib: float


class ConfinedProcess(Protocol):
    """One child in a session of its own."""

    def has_ended_within(self, patience_s: float, meanwhile: Callable[[], object]) -> bool:
        """Wait a moment for the child to end by itself, calling `meanwhile` now and then."""

    def end(self) -> Usage:
        """Kill whatever is left of the child and its group; return how it ended and what it used."""

    def close(self) -> None:
        """Let go of what this side holds; the child has ended."""


Start = Callable[[int, int, int], ConfinedProcess]  # ends of three pipes: request, answer, output


class FreshProcess:
    """A child with an interpreter of its own."""

    def __init__(self, request: int, answer: int, output: int, *, environment: Mapping[str, str]) -> None:
        # -P: a file named json.py in an upload must never be imported.
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "confined.sandbox.child",
                str(request),
                str(answer),
                str(os.getpid()),
            ],
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(request, answer),
            start_new_session=True,
        )

    def has_ended_within(self, patience_s: float, meanwhile: Callable[[], object]) -> bool:
        """Wait a moment for the child to end by itself, calling `meanwhile` now and then."""
        until = time.monotonic() + patience_s
        while True:
            # WNOWAIT leaves the child to wait4, which alone tells what it used.
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return True
            if time.monotonic() >= until:
                return False
            meanwhile()
            time.sleep(_PAUSE_S)

    def end(self) -> Usage:
        """Kill whatever is left of the child and its group; return how it ended and what it used."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended with its whole group
            os.killpg(self._process.pid, signal.SIGKILL)  # before the wait: until then the number is its own
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return Usage(self._process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def close(self) -> None:
        """Nothing is held."""
