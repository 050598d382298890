"""Exports of measurements: descriptions, and arrays streamed while they are read.

They stand beside Django as the byte routes do: a stream must not be gathered in memory before it is sent.
"""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from api.byte_service.answers import RefusedMethod, answering_problems
from api.byte_service.archives import BrokenMemberError
from api.byte_service.damage import refuse, report, require_whole
from api.byte_service.visitors import identify_reader, in_database, read_credential
from api.caching import PRIVATE, PUBLIC_BUT_ASK
from repository.errors import ExportTooLargeError, NotFoundError
from repository.exports.declaration import (
    ArrayExport,
    MeasurementExport,
    ProductExport,
    StreamedExport,
    render,
)
from repository.exports.registry import MeasuredExport, find_measurement_export, list_measurement_exports
from repository.exports.subjects import ArrayPart, ExportedMeasurement
from repository.selectors.exports import ExportSubject, get_export_subject, locate_export_product
from repository.services.checked_reading import BrokenObjectError, CheckedReading

PATH = ArrayExport.place.format(subject="{measurement_id}", ending="{ending}")
_GIB = 1 << 30


def build_export_routes() -> list[BaseRoute]:
    """Return the address of all exports of measurements, with and without the last slash."""
    answer = answering_problems(send_measurement_export)
    routes = [Route(path, answer, methods=["GET"], name="measurement-export") for path in (PATH, f"{PATH}/")]
    return [*routes, *(Route(route.path, RefusedMethod(route.methods or set())) for route in routes)]


async def send_measurement_export(request: Request) -> Response:
    """Send a published measurement in the format that the address names."""
    measurement_id, ending = request.path_params["measurement_id"], request.path_params["ending"]
    export = find_measurement_export(ending)
    if export is None:
        known = ", ".join(each.ending for each in list_measurement_exports()) or "none yet"
        raise NotFoundError(
            f"There is no export of measurements called {ending[:64]!r}.",
            hint=f"Known are: {known}; /docs/exports says more.",
        )
    credential = read_credential(request)
    subject = await in_database(
        lambda: get_export_subject(
            identify_reader(credential),
            measurement_id,
            for_bytes=export.needs == "arrays",
            with_parts=isinstance(export, StreamedExport),
        )
    )
    if isinstance(export, ProductExport):
        address = await in_database(locate_export_product, measurement_id, export.product, export.media_type)
        return RedirectResponse(urlsplit(address).path, status_code=302)
    headers = _build_headers(export, subject)
    if isinstance(export, StreamedExport):
        return await _stream(request, export, subject.measurement, headers)
    return await _describe(request, export, subject, headers)


async def _describe(
    request: Request, export: MeasurementExport, subject: ExportSubject, headers: dict[str, str]
) -> Response:
    """Return a description, which a withdrawn measurement keeps."""
    content = render(await run_sync(export.write, subject.measurement))
    status = 410 if subject.is_withdrawn else 200
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(content))
        content = b""
    return Response(content, status_code=status, headers=headers, media_type=export.content_type)


def _build_headers(export: MeasuredExport, subject: ExportSubject) -> dict[str, str]:
    return {
        "Cache-Control": PUBLIC_BUT_ASK if subject.is_public else PRIVATE,
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
