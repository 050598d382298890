"""A memory of decisions that outlives every test: what ends one there is what was heard of a write."""

from typing import Any

from api.byte_service import decisions
from api.byte_service.decisions import DecisionCache

LIFE_S = 86_400.0


def remember_for_long() -> DecisionCache[Any]:
    """Return a memory whose decisions live for a day; production has half a minute."""
    cache: DecisionCache[Any] = DecisionCache()
    cache._lifetime_s = LIFE_S
    assert decisions.LONGEST_S < LIFE_S
    return cache
