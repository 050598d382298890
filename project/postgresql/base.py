"""Named by `ENGINE`: Django looks for `base.DatabaseWrapper`."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from project.postgresql.answering import AnsweringConnection, DecidingConnection

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


_entrance = Entrance()


class DatabaseWrapper(base.DatabaseWrapper):
    """Where a person waits for the answer, connecting and every statement are bounded on our side too.

    A server that was stopped keeps its sockets open and runs no timer of its own: neither keepalives nor
    `statement_timeout` help against it.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; in a web process patient for a moment, and quick to refuse while the server is away."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        if not self.settings_dict.get("ANSWERS_PERSONS"):
            return DecidingConnection.connect(**conn_params)
        return _entrance.pass_through(lambda: AnsweringConnection.connect(**conn_params))

    def is_usable(self) -> bool:
        """Ask whether a kept connection still answers, and wait no longer for that than for a new one.

        While the server is away nobody asks: each thread's own connection would cost its request the same seconds. A
        process that was stopped alone answers nothing either, although the server takes new calls.
        """
        if not isinstance(self.connection, AnsweringConnection):
            return super().is_usable()
        if _entrance.is_away:
            return False
        with self.connection.at_once():
            return super().is_usable()
