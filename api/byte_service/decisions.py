"""Permission decisions, remembered for a short while: a Zarr reader asks for thousands of keys."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST_S = 30.0


class DecisionCache(Generic[T]):
    """Answers of a permission check by address and credential, for at most 30 seconds."""

    def __init__(self, *, lifetime_s: float = LONGEST_S, size: int = 20_000) -> None:
        self._lifetime_s = min(lifetime_s, LONGEST_S)
        self._size = size
        self._entries: OrderedDict[object, tuple[float, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> T | None:
        """Return a decision that is still fresh."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry[0] < time.monotonic():
                self._entries.pop(key, None)
                return None
            return entry[1]

    def remember(self, key: object, decide: Callable[[], T]) -> T:
        """Return what `decide` says and keep it; refusals are raised and not kept."""
        decision = decide()
        with self._lock:
            self._entries[key] = (time.monotonic() + self._lifetime_s, decision)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return decision
