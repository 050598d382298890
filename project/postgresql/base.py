"""Named by `ENGINE`: Django looks for `base.DatabaseWrapper`."""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from project.postgresql.answering import AnsweringConnection
from project.postgresql.deciding import DecidingConnection
from project.postgresql.entrance import Entrance

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
