"""How many requests a minute an account, a token or an address may make.

The counters live beside the broker. While they cannot be reached each process counts for itself: a broker that is away
must not take the API with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

if TYPE_CHECKING:  # the views import this module through the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView


class AccountThrottle(UserRateThrottle):
    """So many requests a minute for each account or token."""

    scope = "account"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:  # noqa: ARG002  # the signature
        """Count each token by itself; visitors without an account are counted by address elsewhere."""
        if not request.user.is_authenticated:
            return None
        ident = getattr(request.auth, "token_key", None) or request.user.pk
        return self.cache_format % {"scope": self.scope, "ident": ident}


class AddressThrottle(AnonRateThrottle):
    """So many requests a minute for each address without an account."""

    scope = "address"
