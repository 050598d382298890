"""A permission is remembered until a write decides anew, never longer than half a minute, and a refusal not at all."""

import datetime as dt
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.byte_service.decisions import LONGEST_S, Decision, DecisionCache
from repository.marks import EVERYTHING, Marks, _make, find_group


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    _make(tmp_path / "marks")
    return Marks(tmp_path / "marks")


def decide(value: Any, *subjects: str, until: dt.datetime | None = None) -> Callable[[], Decision[Any]]:
    return lambda: Decision(value, subjects, until)


def test_decision_lasts_half_a_minute_at_most(clock: Callable[[float], None], marks: Marks) -> None:
    assert LONGEST_S <= 30
    cache: DecisionCache[str] = DecisionCache(lifetime_s=3600, find_marks=lambda: marks)
    assert cache.remember("key", decide("yes")) == "yes"
    clock(29.9)
    assert cache.get("key") == "yes"
    clock(0.2)
    assert cache.get("key") is None


def test_refusal_is_not_kept(clock: Callable[[float], None], marks: Marks) -> None:
    del clock
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: marks)

    def refuse() -> Decision[str]:
        raise PermissionError

    with pytest.raises(PermissionError):
        cache.remember("key", refuse)
    assert cache.get("key") is None
    assert cache.remember("key", decide("yes")) == "yes"


def test_reading_does_not_prolong(clock: Callable[[float], None], marks: Marks) -> None:
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: marks)
    cache.remember("key", decide("yes"))
    for _ in range(4):
        clock(10)
        cache.get("key")
    assert cache.get("key") is None


def test_cache_is_bounded(clock: Callable[[float], None], marks: Marks) -> None:
    del clock
    cache: DecisionCache[int] = DecisionCache(size=3, find_marks=lambda: marks)
    for number in range(10):
        cache.remember(number, decide(number))
    assert [cache.get(number) for number in (0, 6, 7, 8, 9)] == [None, None, 7, 8, 9]


def test_what_is_over_is_let_go(clock: Callable[[float], None], marks: Marks) -> None:
    """A decision holds rows with their documents; nobody may ever ask for it again."""

    class Row:
        """Something that a weak reference can follow."""

    row = Row()
    watched = weakref.ref(row)
    cache: DecisionCache[Any] = DecisionCache(find_marks=lambda: marks)
    cache.remember("key", decide(row))
    del row
    assert watched() is not None
    clock(31)
    cache.remember("another", decide("yes"))
    assert watched() is None


@pytest.mark.parametrize("changed", ["deposit:7q2m-x4dn", "user:3", "everything"])
def test_a_write_about_a_subject_ends_what_rests_on_it(marks: Marks, changed: str) -> None:
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: marks)
    cache.remember("ours", decide("yes", "deposit:7q2m-x4dn", "user:3"))
    cache.remember("others", decide("yes", "deposit:k3f9-2xq7"))
    marks.change([EVERYTHING if changed == "everything" else find_group(changed)])
    assert cache.get("ours") is None
    assert cache.get("others") == (None if changed == "everything" else "yes")
    assert cache.remember("ours", decide("still", "deposit:7q2m-x4dn")) == "still"
    assert cache.get("ours") == "still"


def test_what_was_decided_while_the_write_came_is_not_remembered(marks: Marks) -> None:
    """The database was read before the write, and the answer came after it."""
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: marks)

    def decide_slowly() -> Decision[str]:
        marks.change([find_group("deposit:7q2m-x4dn")])
        return Decision("what was", ("deposit:7q2m-x4dn",))

    assert cache.remember("key", decide_slowly) == "what was"
    assert cache.get("key") is None


def test_without_marks_nothing_is_remembered_and_what_was_waits(marks: Marks) -> None:
    found: list[Marks | None] = [None]
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: found[0])
    cache.remember("early", decide("yes"))
    found[0] = marks
    assert cache.get("early") is None
    cache.remember("key", decide("yes", "user:1"))
    found[0] = None
    assert cache.get("key") is None
    found[0] = marks
    assert cache.get("key") == "yes"


def test_a_decision_lives_no_longer_than_its_credential(clock: Callable[[float], None], marks: Marks) -> None:
    cache: DecisionCache[str] = DecisionCache(find_marks=lambda: marks)
    now = dt.datetime.now(dt.UTC)
    cache.remember("short", decide("yes", until=now + dt.timedelta(seconds=10)))
    cache.remember("over", decide("yes", until=now - dt.timedelta(seconds=1)))
    assert (cache.get("short"), cache.get("over")) == ("yes", None)
    clock(11)
    assert cache.get("short") is None
