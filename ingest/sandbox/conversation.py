"""The parent's side of one run: start the child, carry messages, watch clock and disk, end it for certain."""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ingest.sandbox.protocol import MessageDecoder, ProtocolViolationError

_READ_BYTES = 1 << 16
_HEAD_BYTES, _TAIL_BYTES = 1 << 14, 3 << 14
_TICK_S = 1.0
_LEAST_TICK_S = 0.01
_FASTEST_BYTES_PER_S = 4e9  # nothing is written faster
_GRACE_S = 5.0


class OutOfTimeError(Exception):
    """The wall time of the run is over."""


class OutOfSpaceError(Exception):
    """The disk that the run writes to is nearly full."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the child ended: exit status (negative for a signal), processor seconds, peak resident MiB."""

    ended_by_itself: bool
    status: int
    cpu_s: float
    peak_mib: float


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


class Conversation:
    """One child in its own session with its pipes and its output; leaving the context kills the group."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, wall_s: float) -> None:
        self._deadline = time.monotonic() + wall_s
        self.log = BoundedLog()
        request_read, self._request = os.pipe()
        self._answer, answer_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, str(request_read), str(answer_write), str(os.getpid())],
                env=dict(environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(request_read, answer_write),
                start_new_session=True,
            )
        except OSError:
            os.close(self._request)
            os.close(self._answer)
            raise
        finally:
            os.close(request_read)
            os.close(answer_write)
        self._ending: Ending | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(at_once=True)
        os.close(self._answer)
        if self._request >= 0:
            os.close(self._request)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def carry(
        self, request: bytes, on_message: Callable[[dict[str, Any]], bool], *, disk: Path, free_bytes: int
    ) -> None:
        """Send `request`, hand every message on until `on_message` returns True or the child closes its pipe.

        Raises
        ------
        OutOfTimeError, OutOfSpaceError, ProtocolViolationError
            The run must be ended; leaving the context does so.
        """
        decoder, waiting = MessageDecoder(), memoryview(request)
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - Popen was asked for the pipe
        with selectors.DefaultSelector() as selector:
            os.set_blocking(self._request, False)
            os.set_blocking(stdout.fileno(), False)
            selector.register(self._request, selectors.EVENT_WRITE)
            selector.register(self._answer, selectors.EVENT_READ)
            selector.register(stdout, selectors.EVENT_READ)
            while True:
                tick_s = self._check_bounds(disk, free_bytes)
                for key, _ in selector.select(min(tick_s, max(self._deadline - time.monotonic(), 0))):
                    if key.fd == self._request:
                        waiting = self._send(waiting, selector)
                    elif key.fd == self._answer:
                        received = os.read(self._answer, _READ_BYTES)
                        if not received:
                            self._check_complete(decoder)
                            return
                        if any(on_message(message) for message in decoder.feed(received)):
                            return
                    elif not self._drain_output():
                        selector.unregister(stdout)

    def _check_bounds(self, disk: Path, free_bytes: int) -> float:
        """Return how soon to look again: before the child can have written what is left."""
        if time.monotonic() >= self._deadline:
            raise OutOfTimeError
        left = shutil.disk_usage(disk).free - free_bytes
        if left < 0:
            raise OutOfSpaceError
        return min(_TICK_S, max(_LEAST_TICK_S, left / _FASTEST_BYTES_PER_S))

    @staticmethod
    def _check_complete(decoder: MessageDecoder) -> None:
        if not decoder.is_between_messages:
            raise ProtocolViolationError("the answer breaks off")

    def _send(self, waiting: memoryview, selector: selectors.BaseSelector) -> memoryview:
        try:
            waiting = waiting[os.write(self._request, waiting) :]
        except BrokenPipeError:  # the child is gone; its exit status says why
            waiting = waiting[:0]
        if not waiting:
            selector.unregister(self._request)
            os.close(self._request)
            self._request = -1
        return waiting

    def _drain_output(self) -> bool:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - Popen was asked for the pipe
        try:
            printed = os.read(stdout.fileno(), _READ_BYTES)
        except BlockingIOError:
            return True
        self.log.add(printed)
        return bool(printed)

    def end(self, *, at_once: bool = False) -> Ending:
        """Wait a moment for the child to end by itself, then kill its whole group; return how it ended."""
        if self._ending is None:
            patience = 0.0 if at_once else min(_GRACE_S, max(self._deadline - time.monotonic(), 0.0))
            ended_by_itself = self._has_ended_within(patience)
            self._kill_group()  # before the wait: until then nobody else can have this group's number
            _, status, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._drain_all()
            self._ending = Ending(
                ended_by_itself=ended_by_itself,
                status=self._process.returncode,
                cpu_s=usage.ru_utime + usage.ru_stime,
                peak_mib=usage.ru_maxrss / 1024,
            )
        return self._ending

    def _has_ended_within(self, patience: float) -> bool:
        until = time.monotonic() + patience
        while True:
            # WNOWAIT leaves the child to wait4, which alone tells what it used.
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return True
            if time.monotonic() >= until:
                return False
            self._drain_output()
            time.sleep(0.002)

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def _drain_all(self) -> None:
        for _ in range((_HEAD_BYTES + _TAIL_BYTES) // _READ_BYTES + 1):
            if not self._drain_output():
                return
