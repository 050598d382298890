"""How a web process connects: patient while the server is short of places, quick to refuse while it is away."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

T = TypeVar("T")
PATIENCE_S = 2.0
PAUSE_S = 0.1
REST_S = 1.0


class Entrance:
    """Lets every thread connect while the server answers, and one at a time while it does not.

    A frozen server accepts connections and looks at them when it is thawed: were every request to knock, it would find
    thousands of callers that have gone, and no place for those who wait. After a knock in vain the next one waits a
    second, so that most of those who ask meanwhile are refused at once and hold no thread.
    """

    def __init__(
        self, *, patience_s: float = PATIENCE_S, pause_s: float = PAUSE_S, rest_s: float = REST_S
    ) -> None:
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._rest_s = rest_s
        self._knocking = threading.Lock()
        self.is_away = False
        self._rest_until = 0.0

    def pass_through(self, connect: Callable[[], T]) -> T:
        """Return a new connection.

        Raises
        ------
        psycopg.OperationalError
            The server is away, or it had no place for as long as we are patient.
        """
        if not self.is_away:
            return self._try(connect, patience_s=self._patience_s)
        if time.monotonic() < self._rest_until or not self._knocking.acquire(blocking=False):
            raise psycopg.OperationalError("the database did not answer a moment ago")
        try:
            return self._try(connect, patience_s=0.0)
        finally:
            self._knocking.release()

    def _try(self, connect: Callable[[], T], *, patience_s: float) -> T:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                made = connect()
            except psycopg.OperationalError:
                # A restart, or no place: both pass quickly. Whoever does not answer at all has used up the time.
                if self.is_away or time.monotonic() + self._pause_s > deadline:
                    self.is_away = True
                    self._rest_until = time.monotonic() + self._rest_s
                    raise
                time.sleep(self._pause_s)
            else:
                self.is_away = False
                return made
