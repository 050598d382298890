"""A web process listens to what other hosts decide. While it cannot hear, it remembers no decision."""

import os
import select
import threading
import time

import structlog
from django.db import Error, connection

from repository.marks import EVERYTHING, Marks, change_marks, find_marks, read_group

log = structlog.get_logger(__name__)

CHANNEL = "stemma_decided"
ASK_EVERY_S = 1.0
LONGEST_SILENCE_S = 3.0
"""How old the last answer of the database may be: a connection that is dead looks like one on which nobody speaks."""
REST_S = 0.5


class Hearing:
    """A thread with one connection, on which the database names the groups that were decided anew.

    It asks the database for a word again and again. What was told before the answer has come before it: so all that
    was written up to the question is known.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_ending = threading.Event()
        self._waker, self._wake = os.pipe()
        self._heard_at = float("-inf")
        self._is_away = False

    @property
    def is_current(self) -> bool:
        """Return whether what was decided up to a moment ago is known here."""
        return time.monotonic() - self._heard_at < LONGEST_SILENCE_S

    def begin(self) -> None:
        """Listen from now on, in a thread that does not keep the process from ending."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._is_ending.clear()
                self._thread = threading.Thread(target=self._listen, name="hearing", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Stop listening and give the connection back."""
        with self._lock:
            if self._thread is None:
                return
            self._is_ending.set()
            os.write(self._wake, b"!")
            self._thread.join()
            os.read(self._waker, 1)
            self._thread = None

    def _listen(self) -> None:
        while not self._is_ending.is_set():
            try:
                self._follow()
            except (Error, OSError, ValueError) as fault:  # the last: its socket was closed under it
                if not self._is_away:
                    log.warning("hearing_away", reason=str(fault).strip())
                self._is_away = True
            finally:
                self._heard_at = float("-inf")
                connection.close()
            self._is_ending.wait(REST_S)

    def _follow(self) -> None:
        """Listen until the connection breaks or nobody wants to hear any more."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        speaker = connection.connection
        speaker.add_notify_handler(lambda notified: change_marks([read_group(notified.payload)]))
        # Whatever was decided while nobody listened here was decided.
        change_marks([EVERYTHING])
        while not self._is_ending.is_set():
            asked_at = time.monotonic()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            while (left := speaker.pgconn.notifies()) is not None:  # come with the answer, and not passed on
                change_marks([read_group(left.extra.decode())])
            self._heard_at = asked_at
            if self._is_away:
                log.info("hearing_again")
            self._is_away = False
            select.select([speaker.fileno(), self._waker], [], [], ASK_EVERY_S)


_hearing = Hearing()


def find_heard_marks() -> Marks | None:
    """Return the marks, while this process hears of every change that other hosts make; `None` while it does not."""
    _hearing.begin()
    return find_marks() if _hearing.is_current else None


def end_hearing() -> None:
    """Give the connection back, where a process goes on without it."""
    _hearing.end()
