"""The owner's side of the zygote: one for a process, started on first use, replaced when it is worn or outdated.

Whatever happens to it costs time and never a result: a run that finds no zygote, or loses it on the way, is done by a
fresh interpreter.
"""

import contextlib
import json
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from confined.sandbox.processes import CODE_ROOT, BoundedLog, Usage, zygote_environment
from confined.sandbox.protocol import FORK, RETIRE, ZYGOTE_PROTOCOL

_logger = logging.getLogger(__name__)
_LONGEST_START_S = 300.0  # on a machine that does much else
_LONGEST_SILENCE_S = 60.0
_PAUSE_AFTER_A_FAILURE_S = 60.0
_MOST_CHILDREN = 1000
_MOST_GROWTH_MIB = 128.0
_CODE = ("confined", "ingest", "processing", "repository/schema")


class ZygoteUnavailableError(Exception):
    """There is no zygote for this run, and none of its bytes was looked at."""


class ZygoteLostError(Exception):
    """The zygote ended while its child worked, and the child with it."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a zygote imports, and where compiled code lies that it may load."""

    programs: tuple[str, ...]
    compiled_cache: Path | None = None


class ForkedProcess:
    """A child of the zygote. Letting go of its leash ends it."""

    def __init__(self, leash: socket.socket, kill_zygote: Callable[[], None]) -> None:
        self._leash = leash
        self._kill_zygote = kill_zygote
        self._told: dict[str, Any] | None = None

    def wait_for_start(self) -> None:
        """Wait for the fork.

        Raises
        ------
        ZygoteUnavailableError
            The zygote refused, or is gone.
        """
        if not self._is_told_within(_LONGEST_SILENCE_S):
            self._kill_zygote()
            raise ZygoteUnavailableError("it does not answer")
        if self._told is None or "pid" not in self._told:
            reason = "it is gone" if self._told is None else str(self._told.get("refused"))
            raise ZygoteUnavailableError(reason)

    def has_ended_within(self, patience_s: float, meanwhile: Callable[[], object]) -> bool:
        """Wait a moment for the child to end by itself, calling `meanwhile` now and then."""
        until = time.monotonic() + patience_s
        while True:
            left = until - time.monotonic()
            if self._is_told_within(min(max(left, 0.0), 0.05)):
                return True
            if left <= 0:
                return False
            meanwhile()

    def end(self) -> Usage:
        """Kill whatever is left of the child and its group; return how it ended and what it used.

        Raises
        ------
        ZygoteLostError
            The zygote is gone, and the child with it.
        """
        if self._told is None or "status" not in self._told:
            with contextlib.suppress(OSError):  # the zygote is gone, or has just closed its end
                self._leash.shutdown(socket.SHUT_WR)
            if not self._is_told_within(_LONGEST_SILENCE_S):
                self._kill_zygote()  # stopped by somebody; its children die with it
                self._told = None
        if self._told is None or "status" not in self._told:
            raise ZygoteLostError
        return Usage(self._told["status"], self._told["cpu_s"], self._told["peak_mib"])

    def close(self) -> None:
        """Let go of the leash."""
        self._leash.close()

    def _is_told_within(self, patience_s: float) -> bool:
        """Wait for the next word of the zygote; None stands for its end."""
        if self._told is not None and "status" in self._told:
            return True
        readable, _, _ = select.select([self._leash], [], [], patience_s)
        if readable:
            word = _receive(self._leash)
            self._told = json.loads(word) if word else None
        return bool(readable)


def _receive(source: socket.socket) -> bytes:
    try:
        return source.recv(4096)
    except OSError:
        return b""


class Zygote:
    """One process that forks on order. It dies with this one."""

    def __init__(self, preparation: Preparation, variables: Mapping[str, str]) -> None:
        self.children = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_judged = threading.Event()
        # The death signal comes when the thread that started the process ends: so that one waits for it.
        keeper = threading.Thread(
            target=self._keep, args=(theirs, preparation, dict(variables)), name="zygote-keeper", daemon=True
        )
        keeper.start()
        try:
            self._await_readiness()
        finally:
            self._is_judged.set()
        self._first_mib = self._resident_mib()

    def _keep(self, theirs: socket.socket, preparation: Preparation, variables: dict[str, str]) -> None:
        try:
            self._start_and_wait(theirs, preparation, variables)
        finally:
            self._is_judged.wait()
            self._control.close()

    def _start_and_wait(
        self, theirs: socket.socket, preparation: Preparation, variables: dict[str, str]
    ) -> None:
        printed = BoundedLog()
        with theirs:
            command = [sys.executable, "-P", "-m", "confined.sandbox.zygote"]
            command += [str(theirs.fileno()), str(os.getpid()), *preparation.programs]
            try:
                process = subprocess.Popen(
                    command,
                    env={**zygote_environment(preparation.compiled_cache), **variables},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                _logger.warning("the zygote could not be started: %s", error)
                return  # the readiness that is waited for does not come
            self._process = process
        assert process.stdout is not None  # noqa: S101 - Popen was asked for the pipe
        with process.stdout as output:
            for text in iter(partial(os.read, output.fileno(), 1 << 16), b""):
                printed.add(text)
        status = process.wait()
        level = logging.INFO if status == 0 else logging.WARNING
        _logger.log(
            level, "the zygote ended with status %d after %d runs\n%s", status, self.children, printed.text()
        )

    def _await_readiness(self) -> None:
        readable, _, _ = select.select([self._control], [], [], _LONGEST_START_S)
        word = _receive(self._control) if readable else b""
        said = json.loads(word) if word else {}
        if said.get("protocol") != ZYGOTE_PROTOCOL or said.get("threads") != 1:
            self.kill()
            raise ZygoteUnavailableError(f"it did not get ready: {said or 'it ended or hung'}")

    def fork(self, request: int, answer: int, output: int) -> ForkedProcess:
        """Have a child forked that serves the run at the other ends of these pipes.

        Raises
        ------
        ZygoteUnavailableError
            There is no child.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        child = ForkedProcess(ours, self.kill)
        try:
            with theirs:
                socket.send_fds(self._control, [FORK], [request, answer, output, theirs.fileno()])
            self.children += 1
            child.wait_for_start()
        except OSError as error:
            child.close()
            raise ZygoteUnavailableError(f"it is gone: {error}") from error
        except ZygoteUnavailableError:
            child.close()
            raise
        return child

    @property
    def is_worn(self) -> bool:
        """Whether it is time for another: it is gone, forked much, or grew."""
        if self._process is None or self._process.poll() is not None or self.children >= _MOST_CHILDREN:
            return True
        return self._resident_mib() > self._first_mib + _MOST_GROWTH_MIB

    def _resident_mib(self) -> float:
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        except OSError:
            return 0.0
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return 0 if self._process is None else self._process.pid

    def retire(self) -> None:
        """Have it end after its last child."""
        try:
            self._control.send(RETIRE)
        except OSError:
            return  # it has ended already

    def kill(self) -> None:
        """End it and its children at once."""
        if self._process is not None:
            self._process.kill()


class ZygoteKeeper:
    """Gives the zygote of this process, if there can be one.

    Parameters
    ----------
    prepare
        Says what the zygote should have imported; asked before each run.
    variables
        Added to the zygote's environment (not to that of its children): what tells whose process it is.
    """

    def __init__(
        self, prepare: Callable[[], Preparation], variables: Mapping[str, str] | None = None
    ) -> None:
        self._prepare = prepare
        self._variables = dict(variables or {})
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._made_for: object = None
        self._not_before = 0.0

    def find(self) -> Zygote | None:
        """Return a zygote that is fit for another child, or None."""
        with self._lock:
            preparation = self._prepare()
            wanted = (os.getpid(), preparation, fingerprint_code())
            if self._zygote is not None and (self._made_for != wanted or self._zygote.is_worn):
                self._part()
            if self._zygote is None and time.monotonic() >= self._not_before:
                try:
                    self._zygote, self._made_for = Zygote(preparation, self._variables), wanted
                except ZygoteUnavailableError as error:
                    self._not_before = time.monotonic() + _PAUSE_AFTER_A_FAILURE_S
                    _logger.warning("no zygote, every run starts an interpreter for a while: %s", error)
            return self._zygote

    def close(self) -> None:
        """Have the zygote end after its last child."""
        with self._lock:
            self._part()

    def _part(self) -> None:
        # After a fork of this process it is the zygote of somebody else.
        if (
            self._zygote is not None
            and isinstance(self._made_for, tuple)
            and self._made_for[0] == os.getpid()
        ):
            self._zygote.retire()
        self._zygote = None


def fingerprint_code() -> int:
    """Return a number that changes when a source file of what the zygote imports does."""
    found = []
    for name in _CODE:
        for folder, _, files in os.walk(CODE_ROOT / name):
            for file in files:
                if file.endswith(".py"):
                    status = os.stat(f"{folder}/{file}")  # noqa: PTH116 - hundreds of them, before every run
                    found.append((folder, file, status.st_mtime_ns, status.st_size))
    return hash(tuple(sorted(found)))
