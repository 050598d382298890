"""Turn signals into something a loop can wait for."""

import os
import select
import signal
from types import FrameType

from project.stack.caller import Caller
from project.stack.errors import StopRequestedError

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
