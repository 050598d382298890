"""Exports of measurements: descriptions, and arrays streamed while they are read.

They stand beside Django because a stream must not be gathered in memory before it is sent. What each of them sends is
its own: `repository/exports`.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.byte_service.archives import BrokenMemberError
from api.byte_service.audiences import READERS_OF_EXPORT, ExportAccess, Words
from api.byte_service.damage import refuse, report, require_whole
from api.byte_service.declaration import ByteRoute, Parameter, Reply
from api.byte_service.parameters import MEASUREMENT_ID, REVISION
from api.byte_service.reading import read_bytes
from api.caching import PRIVATE, PUBLIC_BUT_ASK
from repository.errors import ExportTooLargeError
from repository.exports.declaration import (
    ArrayExport,
    MeasurementExport,
    ProductExport,
    StreamedExport,
    render,
)
from repository.exports.registry import MeasuredExport
from repository.exports.subjects import ArrayPart, ExportedMeasurement
from repository.selectors.exports import ExportSubject, locate_export_product
from repository.services.checked_reading import BrokenObjectError, CheckedReading

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class _Found:
    """An export with its measurement; where a job has made it, the address of that."""

    export: MeasuredExport
    subject: ExportSubject
    address: str


def _find(access: ExportAccess, _words: Words) -> _Found:
    export = access.export
    if not isinstance(export, ProductExport):
        return _Found(export, access.subject, "")
    address = locate_export_product(access.subject.access.measurement, export.product, export.media_type)
    return _Found(export, access.subject, address)


async def _send(request: Request, found: _Found) -> Response:
    """Send a published measurement in the format that the address names."""
    if isinstance(found.export, ProductExport):
        return RedirectResponse(urlsplit(found.address).path, status_code=302)
    headers = _build_headers(found.export, found.subject)
    if isinstance(found.export, StreamedExport):
        return await _stream(request, found.export, found.subject.measurement, headers)
    return await _describe(request, found.export, found.subject, headers)


async def _describe(
    request: Request, export: MeasurementExport, subject: ExportSubject, headers: dict[str, str]
) -> Response:
    """Return a description, which a withdrawn measurement keeps."""
    content = render(await run_sync(export.write, subject.measurement))
    status = 410 if subject.access.is_withdrawn else 200
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(content))
        content = b""
    return Response(content, status_code=status, headers=headers, media_type=export.content_type)


def _build_headers(export: MeasuredExport, subject: ExportSubject) -> dict[str, str]:
    return {
        "Cache-Control": PUBLIC_BUT_ASK if subject.access.is_public else PRIVATE,
        "Content-Disposition": f'attachment; filename="{subject.measurement.id}.{export.ending}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Authorization, Cookie",
    }


async def _stream(
    request: Request, export: StreamedExport, measurement: ExportedMeasurement, headers: dict[str, str]
) -> Response:
    if measurement.size > export.most_bytes:
        raise ExportTooLargeError(
            f"The arrays of {measurement.id} take {measurement.size / _GIB:.2f} GiB; {export.label} is streamed up to"
            f" {export.most_bytes / _GIB:.2f} GiB."
        )
    await require_whole({part.key: part.sha256 for signal in measurement.signals for part in signal.parts})
    if request.method == "HEAD":
        response = Response(headers=headers, media_type=export.content_type)
        del response.headers["content-length"]  # nobody knows it before the end
        return response
    blocks = export.write(measurement, _read_part)
    try:
        first = await run_sync(next, blocks, None)
    except BrokenMemberError as broken:
        await report(broken.sha256, broken.fault)
        raise refuse([measurement.id]) from broken
    return StreamingResponse(_go_on(first, blocks), headers=headers, media_type=export.content_type)


def _read_part(part: ArrayPart) -> Iterator[bytes]:
    try:
        yield from CheckedReading(part.sha256, size=part.size)
    except BrokenObjectError as fault:
        raise BrokenMemberError(part.sha256, fault) from fault


async def _go_on(block: bytes | None, blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the first block and the others; where a part turns out wrong the stream breaks off without its end."""
    while block is not None:
        yield block
        try:
            block = await run_sync(next, blocks, None)
        except BrokenMemberError as broken:
            await report(broken.sha256, broken.fault)
            raise


ROUTES = (
    ByteRoute(
        path=ArrayExport.place.format(subject="{measurement_id}", ending="{ending}"),
        tag="measurements",
        parameters=(
            MEASUREMENT_ID,
            Parameter(name="ending", description="Of an export: /api/v1/exports/.", example="none.bin"),
        ),
        operations=(
            read_bytes(
                name="readMeasurementExport",
                description="Read a published measurement as another program takes it.",
                who_may=READERS_OF_EXPORT,
                media_types=("*/*",),
                replies=(
                    Reply(
                        200,
                        "The measurement in this format.",
                        {"Content-Disposition": {"type": "string"}},
                        has_body=True,
                    ),
                    Reply(302, "The way to what a job has made.", {"Location": {"type": "string"}}),
                ),
                parameters=(REVISION,),
                find=_find,
                send=_send,
                is_remembered=False,  # a record with all its arrays' parts
            ),
        ),
    ),
)
