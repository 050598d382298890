"""A permission is remembered for a moment, never longer than half a minute, and a refusal not at all."""

import time
from collections.abc import Callable

import pytest

from api.byte_service.decisions import LONGEST_S, DecisionCache


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_decision_lasts_half_a_minute_at_most(clock: Callable[[float], None]) -> None:
    assert LONGEST_S <= 30
    cache: DecisionCache[str] = DecisionCache(lifetime_s=3600)
    assert cache.remember("key", lambda: "yes") == "yes"
    clock(29.9)
    assert cache.get("key") == "yes"
    clock(0.2)
    assert cache.get("key") is None


def test_refusal_is_not_kept(clock: Callable[[float], None]) -> None:
    del clock
    cache: DecisionCache[str] = DecisionCache()

    def refuse() -> str:
        raise PermissionError

    with pytest.raises(PermissionError):
        cache.remember("key", refuse)
    assert cache.get("key") is None
    assert cache.remember("key", lambda: "yes") == "yes"


def test_reading_does_not_prolong(clock: Callable[[float], None]) -> None:
    cache: DecisionCache[str] = DecisionCache()
    cache.remember("key", lambda: "yes")
    for _ in range(4):
        clock(10)
        cache.get("key")
    assert cache.get("key") is None


def test_cache_is_bounded(clock: Callable[[float], None]) -> None:
    del clock
    cache: DecisionCache[int] = DecisionCache(size=3)
    for number in range(10):
        cache.remember(number, lambda number=number: number)  # type: ignore[misc]
    assert [cache.get(number) for number in (0, 6, 7, 8, 9)] == [None, None, 7, 8, 9]
