"""Around Django in the web process: its bodies are whole, its requests in one thread, its files sent beside it.

Django's own handler changes threads on the way, as many as there are requests. Each thread may open a connection of its
own; an error page that asks who is signed in even does so in a thread which nobody tidies up.

Django puts every body into a temporary file before it asks anything, however long it is and whoever sends it. And what
comes without a Content-Length, in chunks as many programs send it, the REST framework takes for nothing at all.
"""

import os
import re
from tempfile import SpooledTemporaryFile

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponseBase
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import PUBLIC_FOR_EVER
from api.errors import RETRY_AFTER, describe_outage
from api.fallbacks import answer_passing
from api.turns import NoTurnError, get_turns


class OneThreadHandler(ASGIHandler):
    """Answers in turn, and says so where the turn does not come."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        # These would start a thread for every request that waits; the thread which answers does both itself.
        for signal, receiver in (
            (request_started, close_old_connections),
            (request_started, reset_queries),
            (request_finished, close_old_connections),
        ):
            signal.disconnect(receiver)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer; what follows, the sending, needs no connection any more."""
        try:
            response = await get_turns("pages").run(self._respond, request)
        except NoTurnError as fault:
            response = answer_passing(request, describe_outage(fault), RETRY_AFTER)
        setattr(response, "_handler_class", self.__class__)  # noqa: B010  # as Django's own handler does
        if response.streaming and hasattr(response, "block_size"):
            response.block_size = self.chunk_size
        return response

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


_PIECE = 64 * 2**10
_IN_MEMORY = 2**20


class WholeBodies:
    """Hands on bodies of up to DATA_UPLOAD_MAX_MEMORY_SIZE with their length.

    Of a longer one nothing is kept: the application sees its length alone, and refuses it in its own way.
    """

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in; one that breaks off is answered nothing, as nobody listens."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        declared = _read_length(Headers(scope=scope))
        most = int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if declared is not None and declared <= most:
            await self.application(scope, receive, send)
        elif declared is not None:
            await self.application(scope, _Replay(None, receive), send)
        else:
            await self._measure(scope, receive, send, most)

    async def _measure(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            length, is_more = 0, True
            while is_more and length <= most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                length += body.write(message.get("body", b""))
                is_more = message.get("more_body", False)
            raw = [pair for pair in scope["headers"] if pair[0].lower() not in _OF_THE_TRANSFER]
            raw.append((b"content-length", str(length).encode("ascii")))
            body.seek(0)
            whole = None if length > most else body
            await self.application({**scope, "headers": raw}, _Replay(whole, receive), send)


_OF_THE_TRANSFER = frozenset({b"transfer-encoding", b"content-length"})


class _Replay:
    """Gives a body that has been read already, then what the client does afterwards."""

    def __init__(self, body: "SpooledTemporaryFile[bytes] | None", receive: Receive) -> None:
        self._body = body
        self._receive = receive
        self._is_given = False

    async def __call__(self) -> Message:
        """Return the next message to the application."""
        if self._is_given:
            return await self._await_end()
        piece = b"" if self._body is None else self._body.read(_PIECE)
        self._is_given = len(piece) < _PIECE
        return {"type": "http.request", "body": piece, "more_body": not self._is_given}

    async def _await_end(self) -> Message:
        """Return the client's going; what it still sends of a body that was refused is not kept."""
        while (message := await self._receive())["type"] == "http.request":
            continue
        return message


def _read_length(headers: Headers) -> int | None:
    """Return the length that was declared; none where the body comes in chunks or in frames of HTTP/2."""
    text = "" if "transfer-encoding" in headers else headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


_HASHED = re.compile(r"^assets/.+-[\w-]{8}\.\w+$")
_FOR_AN_HOUR = "public, max-age=3600"


class FoundStaticFiles(StaticFiles):
    """Serves what Django's finders find; names with a hash may be kept for ever by whoever fetched them."""

    def __init__(self) -> None:
        super().__init__(check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, which is the same for everybody."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = PUBLIC_FOR_EVER if _HASHED.match(path) else _FOR_AN_HOUR
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file behind an address below /static/; an address that leads out of it has none."""
        try:
            found = finders.find(path)
        except (SuspiciousFileOperation, ValueError):
            return "", None
        if not isinstance(found, str) or not os.path.isfile(found):  # noqa: PTH113  # Starlette's own types
            return "", None
        return found, os.stat(found)  # noqa: PTH116
