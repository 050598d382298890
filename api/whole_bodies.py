"""The body of a request to Django: whole and of a size that is known, or refused before the disk is full of it.

Django puts every body into a temporary file before it asks anything, however long it is and whoever sends it. And what
comes without a Content-Length, in chunks as many programs send it, the REST framework takes for nothing at all.
"""

from tempfile import SpooledTemporaryFile

from django.conf import settings
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
