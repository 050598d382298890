"""How many requests a minute a token, an account or an address may make, and how many wrong tokens an address.

What is refused is a refusal of the domain like any other: `api.errors` makes a problem document of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from repository.limits import MINUTE, WRONG_TOKENS_OF_ADDRESS, Charge, Limit, name_network
from repository.services.limits import count_attempt

if TYPE_CHECKING:  # the views import this module through the settings
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView


class RequestLimit(BaseThrottle):
    """So many requests a minute for each token, each account in a browser, and each address without either."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # the signature
        """Count the request, or raise what says how long to wait."""
        count_attempt(_charge(request))
        return True


def find_address(request: HttpRequest | Request) -> str:
    """Return the visitor's address, as the doorway of the web process found it."""
    return str(request.META.get("REMOTE_ADDR") or "")


def count_wrong_token(address: str) -> None:
    """Count a token that is not valid, from an address.

    Raises
    ------
    LimitExceededError
        The address sent too many of them.
    """
    count_attempt(WRONG_TOKENS_OF_ADDRESS.of(name_network(address)))


def _charge(request: Request) -> Charge:
    if not request.user.is_authenticated:
        anonymous = Limit("requests of address", settings.ANONYMOUS_REQUESTS_PER_MINUTE, MINUTE)
        return anonymous.of(name_network(find_address(request)))
    token: Any = request.auth  # knox makes tokens of our model; a session has none
    subject = ("account", str(request.user.pk)) if token is None else ("token", str(token.pk))
    return Limit("requests of account", settings.REQUESTS_PER_MINUTE, MINUTE).of(*subject)
