"""Who may keep an answer. One rule for every route: what nobody called public is private and never stored."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PRIVATE = "private, no-store"
PUBLIC = "public"
PUBLIC_FOR_EVER = "public, max-age=31536000, immutable"
PUBLIC_TO_KEEP = f"{PUBLIC_FOR_EVER}, s-maxage=0"
"""Bytes that never change, but may be withdrawn: who has them keeps them, and who hands them on asks each time."""
PUBLIC_BUT_ASK = "public, no-cache"  # anybody may keep it, and asks each time whether it is still so
_NO_PUBLIC_STATUS = 500


def settle_cache_control(said: str | None, status: int) -> str:
    """Return the Cache-Control of an answer: what a route called public stays so, everything else is private.

    A fault is never kept, whatever the route said before it.
    """
    is_public = said is not None and said.split(",")[0].strip().lower() == PUBLIC
    return said if said is not None and is_public and status < _NO_PUBLIC_STATUS else PRIVATE


class PrivateUnlessPublicMiddleware:
    """The rule for what Django answers, also where no web server stands before it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Settle the header."""
        response = self.get_response(request)
        response["Cache-Control"] = settle_cache_control(response.get("Cache-Control"), response.status_code)
        response.headers.pop("Expires", None)
        return response


class PrivateUnlessPublic:
    """The rule for the whole web process: byte routes, front-end files, and refusals of the router."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through and settle the header of its answer."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return

        async def send_settled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [(name.lower(), value) for name, value in message.get("headers", ())]
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = settle_cache_control(
                    headers.get("Cache-Control"), message["status"]
                )
            await send(message)

        await self.application(scope, receive, send_settled)
