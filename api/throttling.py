"""How many requests a minute an account, a token or an address may make.

The counters live beside the broker. Where they cannot be reached nobody is counted: a broker that is away must not take
the API with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

if TYPE_CHECKING:  # the views import this module through the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class CountingThrottle(SimpleRateThrottle):
    """Lets everybody through while the counters are away."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether the request is within the rate."""
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as fault:
            log.warning("throttle_counters_away", reason=str(fault))
            return True


class AccountThrottle(CountingThrottle, UserRateThrottle):
    """So many requests a minute for each account or token."""

    scope = "account"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:  # noqa: ARG002  # the signature
        """Count each token by itself; visitors without an account are counted by address elsewhere."""
        if not request.user.is_authenticated:
            return None
        ident = getattr(request.auth, "token_key", None) or request.user.pk
        return self.cache_format % {"scope": self.scope, "ident": ident}


class AddressThrottle(CountingThrottle, AnonRateThrottle):
    """So many requests a minute for each address without an account."""

    scope = "address"
