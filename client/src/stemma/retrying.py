"""How long and how often to try again while a server is away."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

# 507: the server has no room just now, and keeps what it has until its operator makes some.
AWAY_STATUSES = frozenset({429, 502, 503, 504, 507})
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0


@dataclass(slots=True)
class Patience:
    """A budget of seconds without success, spent in pauses that double.

    Any success gives the whole budget back (`restore`): a day-long upload over a bad line goes on as long as
    something arrives now and then.
    """

    budget_s: float
    on_wait: Callable[[str, float, float], None] | None = None  # reason, next pause, seconds left
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _failing_since: float | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)

    def restore(self) -> None:
        self._failing_since = None
        self._failures = 0

    def wait(self, reason: str, *, advised_s: float | None = None) -> bool:
        """Sleep before the next attempt; return False when the budget is spent."""
        now = self.clock()
        if self._failing_since is None:
            self._failing_since = now
        left = self.budget_s - (now - self._failing_since)
        if left <= 0:
            return False
        pause = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
        pause *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads clients that lost the same server
        if advised_s is not None:
            pause = max(pause, advised_s)
        pause = min(pause, left)
        self._failures += 1
        if self.on_wait is not None:
            self.on_wait(reason, pause, left)
        self.sleep(pause)
        return True


def read_retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a ``Retry-After`` header; dates and nonsense count as absent."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdecimal() else None
