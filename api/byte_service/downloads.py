"""Sending stored bytes: Range, ETag = sha256, and headers that keep a browser from running them.

Which bytes a request wants: RFC 9110, sections 13 and 14.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from anyio.to_thread import run_sync
from django.conf import settings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.byte_service.damage import look, read_first, report, require_whole
from api.caching import PRIVATE, PUBLIC_BUT_ASK, PUBLIC_TO_KEEP
from api.errors import CONTENT_TYPE, build_problem
from repository.selectors.byte_objects import ByteObject
from repository.services.checked_reading import BrokenObjectError, CheckedReading

OPAQUE = "application/octet-stream"
RUNNABLE = ("javascript", "ecmascript", "css", "wasm")  # a page of ours must not be able to load these


async def send_stored(request: Request, item: ByteObject) -> Response:
    """Send stored bytes as a file to be kept."""
    return await _send(request, item, is_inline=False)


async def send_shown(request: Request, item: ByteObject) -> Response:
    """Send stored bytes that a page shows where they stand, such as a picture."""
    return await _send(request, item, is_inline=True)


async def _send(request: Request, item: ByteObject, *, is_inline: bool) -> Response:
    name = request.path_params.get("path") or request.path_params.get("key") or item.filename
    await require_whole({name: item.sha256})
    headers = build_headers(item, f'"{item.sha256}"', is_inline=is_inline)
    media_type = OPAQUE if item.media_type.endswith(RUNNABLE) else item.media_type
    return await _answer(request, replace(item, media_type=media_type), headers, name)


async def _answer(request: Request, item: ByteObject, headers: dict[str, str], name: str) -> Response:
    etag = headers["ETag"]
    if is_listed(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    wanted: ByteRange | None = None
    # A range belongs to GET alone (RFC 9110, 14.2).
    if request.method == "GET" and is_range_valid(etag, request.headers.get("if-range")):
        try:
            wanted = parse_range(request.headers.get("range"), item.size)
        except UnsatisfiableRangeError:
            return _answer_unsatisfiable(request, item.size, headers)
    if settings.ACCEL_REDIRECT:
        await look(name, item.sha256, item.size)
        headers["X-Accel-Redirect"] = f"/internal-objects/sha256/{item.sha256[:2]}/{item.sha256}"
        return Response(headers=headers, media_type=item.media_type)
    start, stop = (wanted.start, wanted.stop) if wanted else (0, item.size)
    headers["Content-Length"] = str(stop - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{item.size}"
    status = 206 if wanted else 200
    if request.method == "HEAD":
        await look(name, item.sha256, item.size)
        return Response(headers=headers, media_type=item.media_type)
    reading = CheckedReading(item.sha256, size=item.size, start=start, stop=stop)
    first = await read_first(name, item.sha256, reading)
    return StreamingResponse(
        send_blocks(item.sha256, first, reading),
        status_code=status,
        headers=headers,
        media_type=item.media_type,
    )


def build_headers(item: ByteObject, etag: str, *, is_inline: bool) -> dict[str, str]:
    """Return the headers of a download: who may keep it, and nothing that a browser could run."""
    disposition = "inline" if is_inline else "attachment"
    digest = b64encode(bytes.fromhex(item.sha256)).decode("ascii")
    return {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Cache-Control": _may_be_kept(item),
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(item.filename)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Authorization, Cookie",
    }


def _may_be_kept(item: ByteObject) -> str:
    if not item.is_public:
        return PRIVATE
    return PUBLIC_TO_KEEP if item.is_lasting else PUBLIC_BUT_ASK


def _answer_unsatisfiable(request: Request, size: int, headers: dict[str, str]) -> Response:
    problem = build_problem(
        status=416,
        code="range_not_satisfiable",
        detail=f"The file has {size} bytes; the range {request.headers.get('range')} lies outside.",
        hint="Ask for a range within the size.",
    )
    limits = {"Content-Range": f"bytes */{size}", "ETag": headers["ETag"]}
    return JSONResponse(problem, status_code=416, headers=limits, media_type=CONTENT_TYPE)


async def send_blocks(sha256: str, first: bytes, reading: CheckedReading) -> AsyncIterator[bytes]:
    """Yield the first block and those after it, read in a thread.

    Where the bytes turn out wrong the transfer ends before its Content-Length is reached, so that whoever receives it
    knows; from then on the object is refused.
    """
    block = first
    while block:
        yield block
        try:
            block = await run_sync(reading.next_block)
        except BrokenObjectError as fault:
            await report(sha256, fault)
            raise


_RANGE = re.compile(r"^bytes=\s*([0-9]{0,99})\s*-\s*([0-9]{0,99})\s*$", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range lies beyond the end."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, not including, `stop`."""

    start: int
    stop: int


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the single range that is asked for; `None` means the whole: no, several or a meaningless range.

    Raises
    ------
    UnsatisfiableRangeError
        The range starts beyond the end, or asks for the last 0 bytes.
    """
    match = _RANGE.match(header) if header else None
    if match is None:
        return None
    first, last = match[1], match[2]
    if not first and not last:
        return None
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError
        return ByteRange(max(0, size - length), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, min(int(last) + 1, size) if last else size)


def is_listed(etag: str, header: str | None) -> bool:
    """Return whether an If-None-Match header names the ETag."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(candidate.strip().removeprefix("W/") == etag for candidate in header.split(","))


def is_range_valid(etag: str, if_range: str | None) -> bool:
    """Return whether the range still belongs to the bytes that the client has; dates never match, digests do."""
    return if_range is None or if_range.strip() == etag
