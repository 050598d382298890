"""A connection that lets go of the decisions which its own writes have made wrong, before the writer goes on.

Triggers tell the connection which groups of subjects a statement touched, as a notice that no setting hides. They also
notify everybody who listens: that reaches other hosts a moment later, and this one where the writer dies in between.
"""

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from repository.marks import change_marks, read_group

T = TypeVar("T")
DECIDED = "ST001"
"""The SQLSTATE of the notice."""
_WITHIN = frozenset({TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR})


class DecidingConnection(psycopg.Connection[Any]):
    """Changes the marks when its transaction is over: a decision made before that rests on what was."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._decided: set[int] = set()
        self.add_notice_handler(self._note)

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
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
