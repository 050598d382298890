"""The process of one run as its parent holds it: fresh here, forked from a zygote in `confined.sandbox.forking`.

Its environment is given here as a whole: nothing of the worker's comes along. What it prints is kept within bounds.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import confined

CODE_ROOT = Path(confined.__file__).resolve().parent.parent
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "BLOSC_NTHREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def run_environment(temporary: Path, compiled_cache: Path | None) -> dict[str, str]:
    """Return the environment of one run.

    A compiled cache is read before the process confines itself and out of its reach afterwards, so that no reader
    can plant code for the next.
    """
    return {
        **_common(),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "NUMBA_CACHE_DIR": str(compiled_cache or temporary / "numba"),
    }


def zygote_environment(compiled_cache: Path | None) -> dict[str, str]:
    """Return the environment in which programs are imported ahead."""
    cache = {} if compiled_cache is None else {"NUMBA_CACHE_DIR": str(compiled_cache)}
    return {**_common(), "HOME": "/nonexistent", **cache}


def _common() -> dict[str, str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(CODE_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "PYTHONFAULTHANDLER": "1",
        "HDF5_USE_FILE_LOCKING": "FALSE",  # inputs are read-only and immutable
        **dict.fromkeys(_THREAD_VARIABLES, "1"),
    }
    if "LD_LIBRARY_PATH" in os.environ:  # some interpreters do not start without it
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment


_HEAD_BYTES, _TAIL_BYTES = 1 << 14, 3 << 14
LOG_BYTES = _HEAD_BYTES + _TAIL_BYTES


class BoundedLog:
    """Keeps the beginning and the end of what the child prints, however much it prints."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, printed: bytes) -> None:
        """Take more output in."""
        room = _HEAD_BYTES - len(self._head)
        self._head += printed[:room]
        self._tail += printed[room:]
        surplus = max(len(self._tail) - _TAIL_BYTES, 0)
        del self._tail[:surplus]
        self._left_out += surplus

    def text(self) -> str:
        """Return what was kept."""
        gap = f"\n… {self._left_out} bytes left out …\n" if self._left_out else ""
        return self._head.decode("utf-8", "replace") + gap + self._tail.decode("utf-8", "replace")


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
