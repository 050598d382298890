"""Pytest again and again, each time in a child of a process that has imported what no place of ours can change.

To import the libraries takes longer than most files of tests. Nothing of the program itself is imported before a
child begins, so each reads the files as they are then.
"""

import atexit
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO

LIBRARIES = (
    "pytest", "hypothesis", "hypothesis.strategies", "numpy", "numba", "h5py", "zarr", "PIL.Image", "yaml",
    "jsonschema", "psycopg", "django.db.models", "django.test.utils", "celery", "starlette.routing", "httpx",
    "structlog",
)  # fmt: skip
POLL_S = 0.02
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG
BROKEN = 3  # pytest's own number for what is wrong with a run itself
KILLED = 137
"""How a run ends that takes too long."""


class WarmPytest:
    """A process that runs pytest in one checkout."""

    def __init__(self, checkout: Path) -> None:
        from tests.ties import tie  # noqa: PLC0415  # part of the program, which a child must not find imported

        self._process = subprocess.Popen(
            tie(sys.executable, "-P", __file__),
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": f"{checkout}:{checkout / 'client' / 'src'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, words: Sequence[str], longest_s: float) -> tuple[int, str]:
        """Return how a run ended and what it printed; `KILLED` where it took longer."""
        asked, told = self._process.stdin, self._process.stdout
        if asked is None or told is None:  # both are pipes
            raise AssertionError
        asked.write(json.dumps([list(words), longest_s]) + "\n")
        asked.flush()
        answer = told.readline()
        if not answer:
            raise RuntimeError("The process that runs the tests has ended.")
        status, printed = json.loads(answer)
        return status, printed

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def import_libraries() -> None:
    """Import what takes long, and what pytest itself will load."""
    for name in (*LIBRARIES, *(point.module for point in entry_points(group="pytest11"))):
        importlib.import_module(name)


def run_child(words: Sequence[str], output: Path, longest_s: float) -> int:
    """Run pytest in a child and return how it ended."""
    child = os.fork()
    if child == 0:
        status = BROKEN
        try:
            status = _run_here(words, output)
        finally:
            os._exit(status)  # nothing of the parent's is tidied up here
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(POLL_S)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return KILLED


def _run_here(words: Sequence[str], output: Path) -> int:
    import pytest  # noqa: PLC0415  # the process that asks for runs does without

    os.setsid()
    with output.open("w") as printed, redirect_stdout(printed), redirect_stderr(printed):
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        status = int(pytest.main(["-W", "ignore::pytest.PytestAssertRewriteWarning", *words]))
        atexit._run_exitfuncs()  # noqa: SLF001  # `os._exit` leaves them out: temporary folders would stay
        printed.flush()
    return status


def serve(asked: IO[str], told: IO[str], output: Path) -> None:
    """Run what is asked for, one line each, until nothing more is asked."""
    import_libraries()
    for line in asked:
        words, longest_s = json.loads(line)
        status = run_child(words, output, longest_s)
        told.write(json.dumps([status, output.read_text(errors="replace")]) + "\n")
        told.flush()


if __name__ == "__main__":
    handle, name = tempfile.mkstemp(
        prefix="stemma-warm-"
    )  # a folder with a finalizer would be removed by a child
    os.close(handle)
    try:
        serve(sys.stdin, sys.stdout, Path(name))
    finally:
        Path(name).unlink()
