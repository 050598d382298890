"""The parent's side of one run: start the child, carry messages, watch clock and disk, end it for certain."""

import contextlib
import os
import selectors
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from confined.sandbox.forking import ZygoteLostError
from confined.sandbox.processes import LOG_BYTES, BoundedLog, Start
from confined.sandbox.protocol import MessageDecoder, ProtocolViolationError

_READ_BYTES = 1 << 16
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


class Conversation:
    """One child in its own session with its pipes and its output; leaving the context kills the group."""

    def __init__(self, start: Start, *, wall_s: float) -> None:
        self._deadline = time.monotonic() + wall_s
        self.log = BoundedLog()
        request_read, self._request = os.pipe()
        self._answer, answer_write = os.pipe()
        self._output, output_write = os.pipe()
        self._ending: Ending | None = None
        try:
            self._process = start(request_read, answer_write, output_write)
        except BaseException:
            self._close_pipes()
            raise
        finally:
            for descriptor in (request_read, answer_write, output_write):
                os.close(descriptor)
        os.set_blocking(self._request, False)
        os.set_blocking(self._output, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with contextlib.suppress(ZygoteLostError):  # told already, or another error is on its way
                self.end(at_once=True)
        finally:
            self._process.close()
            self._close_pipes()

    def _close_pipes(self) -> None:
        for descriptor in (self._request, self._answer, self._output):
            if descriptor >= 0:
                os.close(descriptor)

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
        with selectors.DefaultSelector() as selector:
            selector.register(self._request, selectors.EVENT_WRITE)
            selector.register(self._answer, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
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
                        selector.unregister(self._output)

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
        try:
            printed = os.read(self._output, _READ_BYTES)
        except BlockingIOError:
            return True
        self.log.add(printed)
        return bool(printed)

    def end(self, *, at_once: bool = False) -> Ending:
        """Wait a moment for the child to end by itself, then kill its whole group; return how it ended.

        Raises
        ------
        ZygoteLostError
            Nobody can tell, because the zygote ended and the child with it.
        """
        if self._ending is None:
            patience = 0.0 if at_once else min(_GRACE_S, max(self._deadline - time.monotonic(), 0.0))
            ended_by_itself = self._process.has_ended_within(patience, self._drain_output)
            usage = self._process.end()
            self._drain_all()
            self._ending = Ending(
                ended_by_itself=ended_by_itself,
                status=usage.status,
                cpu_s=usage.cpu_s,
                peak_mib=usage.peak_mib,
            )
        return self._ending

    def _drain_all(self) -> None:
        for _ in range(LOG_BYTES // _READ_BYTES + 1):
            if not self._drain_output():
                return
