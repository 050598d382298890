"""Turn signals into something a loop can wait for; and whether the `make` above still wants what it started."""

import os
import select
import signal
from pathlib import Path
from types import FrameType

from project.stack.processes import read_name
from project.stack.terminal import StopRequestedError

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts the requests to stop, and wakes the waiting loop for them and for dead children.

    The handlers are installed explicitly: under `&` in a script, SIGINT is inherited as ignored.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last: int | None = None
        self._caller = Caller()
        self._was_given_up = False
        self._read_end, write_end = os.pipe()
        for descriptor in (self._read_end, write_end):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in _STOP_SIGNALS:
            signal.signal(number, self._request)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _request(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.count += 1
        self.last = number

    def pause(self, seconds: float) -> None:
        """Wait until something happens, at most so long."""
        ready, _, _ = select.select([self._read_end], [], [], seconds)
        if ready:
            os.read(self._read_end, 4096)
        if not self._was_given_up and self._caller.has_given_up():
            self._was_given_up = True
            self._request(signal.SIGTERM, None)  # for nobody passed a signal on

    def pause_or_stop(self, seconds: float) -> None:
        """Wait while starting; a request to stop ends the start."""
        self.pause(seconds)
        if self.count:
            raise StopRequestedError


_MAKES = frozenset({"make", "gmake"})


class Caller:
    """Notices that `make` was interrupted or killed alone.

    A terminal's Ctrl-C reaches every process of the group. A program or an init system signals `make` alone: it
    passes SIGTERM on to its children, but not SIGINT; then it stops catching SIGINT and waits for them for ever.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._is_make = read_name(self._pid) in _MAKES
        self._caught_interrupts = self._is_make and _catches_interrupts(self._pid)

    def has_given_up(self) -> bool:
        """Return whether `make` is gone, or only waits for this process to end."""
        if not self._is_make:
            return False
        if os.getppid() != self._pid:
            return True
        return self._caught_interrupts and not _catches_interrupts(self._pid)


def _catches_interrupts(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # not known: the parent's pid tells when it is gone
    masks = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(next(masks, "0"), 16) & 1 << (signal.SIGINT - 1))
