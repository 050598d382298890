"""The headers of tus 1.0.0, and what it answers when it cannot do what was asked."""

import datetime as dt
from base64 import b64decode
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.byte_service.receiving import CHECKSUM_ALGORITHMS, Checksum
from api.caching import PRIVATE
from api.errors import CONTENT_TYPE, advise_retry, build_problem, describe_refusal
from repository.errors import InvalidMetadataError, NotFoundError, StorageRefusedError
from repository.selectors.uploads import UploadView
from repository.services.disk import explain_fault
from repository.services.uploads import count_arrived

VERSION = "1.0.0"
LONGEST_NUMBER = 19


def tus_headers(**more: str) -> dict[str, str]:
    """Return the headers of every answer of the protocol."""
    return {"Tus-Resumable": VERSION, "Cache-Control": PRIVATE, **more}


def offset_headers(offset: int, expires_at: dt.datetime, **more: str) -> dict[str, str]:
    """Return the headers of an answer about an upload that waits for its next chunk."""
    expires = format_datetime(expires_at.astimezone(dt.UTC), usegmt=True)
    return tus_headers(**{"Upload-Offset": str(offset), "Upload-Expires": expires}, **more)


def parse_metadata(header: str) -> dict[str, str]:
    """Return the pairs of an Upload-Metadata header.

    Raises
    ------
    InvalidMetadataError
        A value is not base64 of UTF-8 text.
    """
    pairs: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            pairs[key] = b64decode(value.strip(), validate=True).decode("utf-8")
        except ValueError as error:
            raise InvalidMetadataError(
                f"The value of {key[:40]!r} in Upload-Metadata is not base64 of UTF-8 text.",
                pointer=f"/{key[:40]}",
            ) from error
    return pairs


def read_number(request: Request, name: str) -> int:
    """Return a header that counts bytes.

    Raises
    ------
    InvalidMetadataError
        It is missing or not a number.
    """
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
        raise InvalidMetadataError(
            f"The header {name.title()} must be a number of bytes.", pointer=f"/{name}"
        )
    return int(text)


def read_checksum(request: Request) -> Checksum | None:
    """Return what the chunk must hash to, where the client says it.

    Raises
    ------
    InvalidMetadataError
        The algorithm is unknown or the value is not base64.
    """
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise InvalidMetadataError(
            f"The checksum algorithm {algorithm[:20]!r} is not supported.",
            hint=f"Supported are {', '.join(CHECKSUM_ALGORITHMS)}.",
        )
    try:
        return Checksum(algorithm, b64decode(value.strip(), validate=True))
    except ValueError as error:
        raise InvalidMetadataError("The checksum is not base64.") from error


def refuse(status: int, code: str, detail: str, hint: str = "", **headers: str) -> Response:
    """Return a problem document with the headers of the protocol."""
    problem = build_problem(status=status, code=code, detail=detail, hint=hint)
    return JSONResponse(problem, status_code=status, headers=tus_headers(**headers), media_type=CONTENT_TYPE)


def refuse_version(request: Request) -> Response | None:
    """Refuse a request that does not speak the protocol's version; `None` where it does."""
    if request.headers.get("tus-resumable") == VERSION:
        return None
    return refuse(
        412,
        "tus_version",
        "This address speaks tus 1.0.0; the request lacks `Tus-Resumable: 1.0.0`.",
        "Use a tus client such as tuspy or tus-js-client, or the command `stemma deposit`.",
        **{"Tus-Version": VERSION},
    )


def refuse_offset(view: UploadView, offset: int) -> Response:
    """Say that the chunk does not start where the upload ends."""
    held = count_arrived(view.id, view.size)
    return refuse(
        409,
        "offset_conflict",
        f"The upload holds {held} bytes, the chunk starts at {offset}.",
        "Ask with HEAD for the offset and continue there.",
        **{"Upload-Offset": str(held)},
    )


def refuse_excess(view: UploadView, offset: int) -> Response:
    """Say that the chunk is longer than what was promised."""
    return refuse(
        413,
        "more_than_promised",
        f"{view.path} was promised with {view.size} bytes; the chunk goes beyond them and was not kept.",
        "The file has grown since: cancel this upload and start it again with the new size.",
        **{"Upload-Offset": str(offset)},
    )


def refuse_lock() -> Response:
    """Say that the upload is being written to."""
    return refuse(
        423,
        "upload_locked",
        "Another request writes to this upload.",
        "Ask with HEAD for the offset in a second and continue there.",
        **{"Retry-After": "1"},
    )


def refuse_checksum() -> Response:
    """Say that the chunk was damaged on the way."""
    # 460 is the protocol's own number; no list of HTTP names it.
    problem = build_problem(
        status=400,
        code="checksum_mismatch",
        detail="The chunk does not have its checksum; it was not kept.",
        hint="Send it again.",
    )
    problem |= {"status": 460, "title": "Checksum Mismatch"}
    return JSONResponse(problem, status_code=460, headers=tus_headers(), media_type=CONTENT_TYPE)


def answer_write_fault(view: UploadView, fault: StorageRefusedError | OSError) -> Response:
    """Say that the upload is gone or the disk takes no more, and how many bytes it has; else raise it again."""
    if isinstance(fault, FileNotFoundError):
        raise NotFoundError("The upload was finished or cancelled.") from fault
    refusal = explain_fault(fault) if isinstance(fault, OSError) else fault
    if refusal is None:
        raise fault
    held = count_arrived(view.id, view.size)
    problem = describe_refusal(refusal)
    problem["detail"] = f"{refusal.message} {held} of {view.size} bytes of {view.path} have arrived."
    headers = tus_headers(**{"Upload-Offset": str(held), **advise_retry(refusal)})
    return JSONResponse(problem, status_code=problem["status"], headers=headers, media_type=CONTENT_TYPE)
