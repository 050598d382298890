"""Pages elsewhere may read what is public, and use a token they were given; never a cookie."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Where programs read: API, landing pages and their exports, DOIs, link sets, and what crawlers begin with.
PREFIXES = ("/api/", "/datasets/", "/doi/", "/linkset/", "/sitemap.xml", "/robots.txt")
EXPOSED = (
    "ETag, Content-Length, Content-Location, Content-Range, Accept-Ranges, Content-Disposition, Repr-Digest,"
    " Retry-After, Link, Location, Tus-Resumable, Upload-Offset, Upload-Length, Upload-Expires, Tus-Version,"
    " Tus-Extension, Tus-Max-Size"
)
ALLOWED_HEADERS = (
    "Authorization, Content-Type, Range, If-Range, If-None-Match, If-Match, Tus-Resumable, Upload-Length,"
    " Upload-Offset, Upload-Metadata, Upload-Checksum"
)


class CrossOriginReads:
    """Adds the headers of cross-origin sharing, without credentials, to the addresses of programs."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or let the request through and mark its answer."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.application(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _answer_preflight(send)
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
                shared["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        await self.application(scope, receive, send_shared)


async def _answer_preflight(send: Send) -> None:
    headers = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": "86400",
        "content-length": "0",
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 204, "headers": raw})
    await send({"type": "http.response.body", "body": b""})
