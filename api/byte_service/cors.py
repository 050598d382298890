"""Pages elsewhere may read what is public, and use a token they were given; never a cookie."""

from collections.abc import Iterable, Iterator

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.byte_service.declaration import ByteRoute

# Where programs read: API, landing pages and their exports, DOIs, link sets, and what crawlers begin with.
PREFIXES = ("/api/", "/datasets/", "/doi/", "/linkset/", "/sitemap.xml", "/robots.txt")
# What is no byte route's own, but HTTP's or Django's.
_EXPOSED = ("Content-Length", "Content-Location", "Retry-After", "Link", "Location")
_ASKED = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "If-Range")
_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")


class CrossOriginReads:
    """Adds the headers of cross-origin sharing, without credentials, to the addresses of programs."""

    def __init__(self, application: ASGIApp, routes: Iterable[ByteRoute]) -> None:
        self.application = application
        known = tuple(routes)
        self._exposed = _join(_EXPOSED, (name for route in known for name in _list_told(route)))
        self._preflight = _describe_preflight(known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or let the request through and mark its answer."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.application(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await send({"type": "http.response.start", "status": 204, "headers": self._preflight})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Django writes names as they are spelled; a header that is there twice is refused by browsers.
                message["headers"] = [
                    (name.lower(), value)
                    for name, value in message.get("headers", ())
                    if not name.lower().startswith(b"access-control-")
                ]
                shared = MutableHeaders(scope=message)
                shared["Access-Control-Allow-Origin"] = "*"
                shared["Access-Control-Expose-Headers"] = self._exposed
            await send(message)

        await self.application(scope, receive, send_shared)


def _describe_preflight(routes: Iterable[ByteRoute]) -> list[tuple[bytes, bytes]]:
    """Return the headers of the answer to a preflight: what any route takes may be sent."""
    known = tuple(routes)
    asked = (each.name for route in known for each in route.list_all_parameters() if each.place == "header")
    headers = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": _join(_METHODS, (name for route in known for name in route.methods)),
        "access-control-allow-headers": _join(_ASKED, asked),
        "access-control-max-age": "86400",
        "content-length": "0",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _list_told(route: ByteRoute) -> Iterator[str]:
    """Yield the headers in which a route's answers tell something."""
    yield from route.headers
    for operation in route.operations:
        for reply in operation.replies:
            yield from reply.headers


def _join(always: Iterable[str], declared: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys((*always, *declared)))
