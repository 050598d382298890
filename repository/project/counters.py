"""The counters behind the limits on requests and sign-ins: shared by all processes, and local while that cannot be."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
REST_S = 3.0
"""So long the shared counters are left alone after they did not answer: not every request waits for that."""


def _shared_or_local(name: str) -> Callable[..., Any]:
    def ask(self: "SharedCounters", *args: Any, **kwargs: Any) -> Any:
        return self.ask(name, *args, **kwargs)

    return ask


class SharedCounters(RedisCache):
    """Counts in this process alone while the broker, which keeps the counters, is away or frozen.

    A limit then holds for each process by itself: more passes than the limit says, but not everything, and nobody is
    refused because a part is away.
    """

    add = _shared_or_local("add")
    get = _shared_or_local("get")
    set = _shared_or_local("set")
    touch = _shared_or_local("touch")
    delete = _shared_or_local("delete")
    get_many = _shared_or_local("get_many")
    has_key = _shared_or_local("has_key")
    incr = _shared_or_local("incr")
    set_many = _shared_or_local("set_many")
    delete_many = _shared_or_local("delete_many")

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        own = {key: value for key, value in params.items() if key != "OPTIONS"}
        self._local = LocMemCache("counters", own)
        self._away_until = 0.0

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Ask the shared counters, or this process's own."""
        if time.monotonic() >= self._away_until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as fault:
                self._away_until = time.monotonic() + REST_S
                log.warning("shared_counters_away", reason=str(fault))
        return getattr(self._local, name)(*args, **kwargs)
