"""Permission decisions, remembered for a short while: a Zarr reader asks for thousands of keys."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from cachetools import TLRUCache

from api.byte_service.hearing import find_heard_marks
from repository.marks import EVERYTHING, Marks, find_group, pick_marks

T = TypeVar("T")
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What was decided, and what that rests on.

    Attributes
    ----------
    subjects
        Every deposit, account and session whose rows the decision read, such as `deposit:7q2m-x4dn`.
    until
        When the credential ends by itself, which no write announces.
    """

    value: T
    subjects: tuple[str, ...]
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    deadline: float
    groups: tuple[int, ...]
    noted: tuple[bytes, ...]


def _find_deadline(key: object, entry: _Entry[T], now: float) -> float:
    del key, now
    return entry.deadline


class DecisionCache(Generic[T]):
    """Answers of a permission check by address and credential, until a write decides anew; at most for 30 seconds."""

    def __init__(
        self,
        *,
        lifetime_s: float = LONGEST_S,
        size: int = 20_000,
        find_marks: Callable[[], Marks | None] = find_heard_marks,
    ) -> None:
        self._lifetime_s = min(lifetime_s, LONGEST_S)
        self._find_marks = find_marks
        self._entries: TLRUCache[object, _Entry[T]] = TLRUCache(size, _find_deadline, timer=time.monotonic)
        self._lock = Lock()

    def get(self, key: object) -> T | None:
        """Return a decision that still holds."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return None
        marks = self._find_marks()
        if marks is None:  # what was written meanwhile may not have been heard yet: perhaps it holds, later
            return None
        if marks.pick(entry.groups) != entry.noted:
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
            return None
        return entry.value

    def remember(self, key: object, decide: Callable[[], Decision[T]]) -> T:
        """Return what `decide` says and keep it; refusals are raised and not kept."""
        marks = self._find_marks()
        before = None if marks is None else marks.read_all()
        decision = decide()
        if before is not None:
            groups = (EVERYTHING, *sorted({find_group(subject) for subject in decision.subjects}))
            deadline = time.monotonic() + self._find_lifetime(decision)
            entry = _Entry(decision.value, deadline, groups, pick_marks(before, groups))
            with self._lock:
                self._entries[key] = entry
        return decision.value

    def _find_lifetime(self, decision: Decision[T]) -> float:
        if decision.until is None:
            return self._lifetime_s
        return min(self._lifetime_s, (decision.until - dt.datetime.now(dt.UTC)).total_seconds())
