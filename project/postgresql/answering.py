"""A connection that gives up on a server which does not answer any more, and forgets decisions that it made wrong.

Triggers tell the connection which groups of subjects a statement touched, as a notice that no setting hides: before the
writer goes on, the decisions about them are let go. They also notify everybody who listens: that reaches other hosts a
moment later, and this one where the writer dies in between.
"""

import socket
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from project.connections import LONGEST_STATEMENT_S
from repository.marks import change_marks, read_group

Waited = TypeVar("Waited")
DECIDED = "ST001"
"""The SQLSTATE of the notice."""
_WITHIN = frozenset({TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR})


class DecidingConnection(psycopg.Connection[Any]):
    """Changes the marks when its transaction is over: a decision made before that rests on what was."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._decided: set[int] = set()
        self.add_notice_handler(self._note)

    def wait(self, gen: Generator[Any, Any, Waited], *args: Any, **kwargs: Any) -> Waited:
        """Wait for the server; every statement and every end of a transaction comes through here."""
        try:
            return super().wait(gen, *args, **kwargs)
        finally:
            # Also where the connection broke: nobody knows then whether the transaction was kept.
            if self._decided and self.pgconn.transaction_status not in _WITHIN:
                decided, self._decided = self._decided, set()
                change_marks(decided)

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.sqlstate == DECIDED:
            self._decided.add(read_group(notice.message_detail or ""))


T = TypeVar("T")
SILENCE_S = 2.0
"""After so long without a word the server is asked whether it lives; a slow statement goes on then."""
ASK_S = 1.0
LONGEST_S = LONGEST_STATEMENT_S + 3.0
"""The server ends a statement itself before this; where it cannot, its process is frozen alone."""

# PostgreSQL answers this with one byte before anything else: "do you speak TLS?"
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


class AnsweringConnection(DecidingConnection):
    """Watches the waiting: psycopg wakes up ten times a second, for Ctrl-C, and then we look at the clock as well."""

    longest_s = LONGEST_S

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Expect answers within moments: what is asked meanwhile costs a living process nothing."""
        self.longest_s = SILENCE_S
        try:
            yield
        finally:
            self.longest_s = LONGEST_S

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait for the server as long as it lives."""
        return super().wait(self._watch(gen), *args, **kwargs)

    def _watch(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Pass on what psycopg waits for; raise where the server is silent for too long."""
        begin = heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif now - begin > self.longest_s:
                    self._give_up(f"no answer for {now - begin:.0f} s")
                elif now - heard > SILENCE_S:
                    if not self._server_lives():
                        self._give_up(
                            f"no answer for {now - heard:.0f} s, and the server does not take calls"
                        )
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result

    def _give_up(self, reason: str) -> None:
        """Close our end: nobody knows in which state the other one is."""
        self.pgconn.finish()
        raise psycopg.OperationalError(f"the database does not answer: {reason}")

    def _server_lives(self) -> bool:
        host = self.info.host
        if not host or host.startswith("/"):
            return _answers(host or "/var/run/postgresql", self.info.port)
        return _answers(host, self.info.port)


def _answers(host: str, port: int) -> bool:
    """Ask for one byte on a connection of its own, which costs the server a process for a millisecond."""
    try:
        if host.startswith("/"):
            caller = socket.socket(socket.AF_UNIX)
            caller.settimeout(ASK_S)
            caller.connect(f"{host}/.s.PGSQL.{port}")
        else:
            caller = socket.create_connection((host, port), timeout=ASK_S)
        with caller:
            caller.sendall(_SSL_REQUEST)
            return bool(caller.recv(1))
    except OSError:
        return False
