"""Resumable uploads: tus 1.0.0 with creation, termination, checksum and expiration.

The file on disk is the truth about the offset: a server that was killed finds there what has arrived.
"""

from base64 import b64decode
from email.utils import format_datetime
from uuid import UUID

from anyio.to_thread import run_sync
from django.conf import settings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.byte_service.decisions import DecisionCache
from api.byte_service.receiving import (
    CHECKSUM_ALGORITHMS,
    Checksum,
    ChecksumMismatchError,
    HashStates,
    OffsetConflictError,
    UploadLockedError,
    receive_chunk,
)
from api.byte_service.visitors import Credential, identify, in_database, read_credential, require_same_origin
from api.errors import CONTENT_TYPE, build_problem
from repository.errors import FileTooLargeError, InvalidMetadataError, NotFoundError
from repository.selectors import addresses
from repository.selectors.access import get_editable_deposit
from repository.selectors.uploads import UploadView, describe_upload, require_user
from repository.services.uploads import (
    UploadPlan,
    cancel_upload,
    complete_upload,
    count_arrived,
    record_offset,
    start_upload,
    upload_file,
)

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
CHUNK_TYPE = "application/offset+octet-stream"
LONGEST_NUMBER = 19
_states = HashStates()
_decisions: DecisionCache[UploadView] = DecisionCache()


def tus_headers(**more: str) -> dict[str, str]:
    """Return the headers of every answer of the protocol."""
    return {"Tus-Resumable": VERSION, "Cache-Control": "no-store", **more}


def _problem(status: int, code: str, detail: str, hint: str = "", **headers: str) -> Response:
    problem = build_problem(status=status, code=code, detail=detail, hint=hint)
    return JSONResponse(problem, status_code=status, headers=tus_headers(**headers), media_type=CONTENT_TYPE)


def describe_protocol() -> Response:
    """Say what this server speaks."""
    return Response(
        status_code=204,
        headers=tus_headers(
            **{
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(settings.MAX_FILE_BYTES),
                "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
            }
        ),
    )


def _refuse_version(request: Request) -> Response | None:
    if request.headers.get("tus-resumable") == VERSION:
        return None
    return _problem(
        412,
        "tus_version",
        "This address speaks tus 1.0.0; the request lacks `Tus-Resumable: 1.0.0`.",
        "Use a tus client such as tuspy or tus-js-client, or the command `stemma deposit`.",
        **{"Tus-Version": VERSION},
    )


async def handle_uploads(request: Request) -> Response:
    """Create an upload, or describe the protocol."""
    if request.method == "OPTIONS":
        return describe_protocol()
    refused = _refuse_version(request)
    if refused is not None:
        return refused
    credential = read_credential(request)
    require_same_origin(request, credential)
    size = _read_number(request, "upload-length")
    metadata = parse_metadata(request.headers.get("upload-metadata", ""))
    if size > settings.MAX_FILE_BYTES:
        raise FileTooLargeError(
            f"{size} bytes are more than the {settings.MAX_FILE_BYTES} that a file may have."
        )
    plan = await in_database(_create, credential, metadata, size)
    if plan.upload_id is None:
        return Response(
            status_code=200,
            headers=tus_headers(**{"Stemma-Already-Stored": "true", "Upload-Offset": str(size)}),
        )
    if size == 0:
        await _complete(str(plan.upload_id), 0)
    location = addresses.upload_address(str(plan.upload_id))
    return Response(
        status_code=201,
        headers=tus_headers(Location=location, **{"Upload-Offset": str(plan.offset)}),
    )


def _create(credential: Credential, metadata: dict[str, str], size: int) -> UploadPlan:
    visitor = identify(credential, scope="deposit")
    deposit_id = metadata.get("deposit", "")
    path = metadata.get("path") or metadata.get("filename", "")
    if not deposit_id:
        raise InvalidMetadataError(
            "Upload-Metadata names no deposit.",
            pointer="/deposit",
            hint="Send `deposit`, `path` and, where known, `sha256`, each value in base64.",
        )
    declared = metadata.get("size", "")
    if declared and declared != str(size):
        raise InvalidMetadataError(
            f"Upload-Metadata says {declared[:20]} bytes, Upload-Length {size}.", pointer="/size"
        )
    deposit = get_editable_deposit(visitor, deposit_id)
    return start_upload(
        deposit_id=deposit.pk,
        actor=require_user(visitor),
        path=path,
        size=size,
        sha256=metadata.get("sha256", ""),
    )


async def handle_upload(request: Request) -> Response:
    """Say how far an upload is, continue or end it."""
    if request.method == "OPTIONS":
        return describe_protocol()
    refused = _refuse_version(request)
    if refused is not None:
        return refused
    credential = read_credential(request)
    upload_id = request.path_params["upload_id"]
    if request.method == "HEAD":
        return await _head(credential, upload_id)
    require_same_origin(request, credential)
    if request.method == "DELETE":
        await in_database(_cancel, credential, upload_id)
        return Response(status_code=204, headers=tus_headers())
    return await _patch(request, credential, upload_id)


def _cancel(credential: Credential, upload_id: str) -> None:
    visitor = identify(credential, scope="deposit")
    view = describe_upload(visitor, upload_id)
    cancel_upload(upload_id=view.id, actor=require_user(visitor))


async def _head(credential: Credential, upload_id: str) -> Response:
    """Report the offset; an upload whose last byte arrived before the server died is completed now."""
    view = await in_database(_describe, credential, upload_id)
    arrived = view.size if view.is_complete else count_arrived(view.id, view.size)
    if arrived == view.size and not view.is_complete:
        await _complete(upload_id, view.size)
    return Response(
        status_code=200,
        headers=tus_headers(
            **{
                "Upload-Offset": str(arrived),
                "Upload-Length": str(view.size),
                "Upload-Expires": format_datetime(view.expires_at, usegmt=True),
            }
        ),
    )


def _describe(credential: Credential, upload_id: str) -> UploadView:
    return describe_upload(identify(credential, scope="deposit"), upload_id)


async def _patch(request: Request, credential: Credential, upload_id: str) -> Response:
    if request.headers.get("content-type", "") != CHUNK_TYPE:
        return _problem(415, "content_type", f"A chunk has the content type {CHUNK_TYPE}.")
    offset = _read_number(request, "upload-offset")
    checksum = _read_checksum(request)
    key = (credential, upload_id)
    view = _decisions.get(key)
    if view is None:
        view = await in_database(_decisions.remember, key, lambda: _describe(credential, upload_id))
    try:
        arrived = await receive_chunk(
            request,
            key=upload_id,
            path=upload_file(view.id),
            offset=offset,
            room=view.size - offset,
            states=_states,
            checksum=checksum,
        )
    except FileNotFoundError as error:
        raise NotFoundError("The upload was finished or cancelled.") from error
    except UploadLockedError:
        return _problem(
            423, "upload_locked", "Another request writes to this upload.", "Try again in a second."
        )
    except OffsetConflictError:
        held = count_arrived(view.id, view.size)
        return _problem(
            409,
            "offset_conflict",
            f"The upload holds {held} bytes, the chunk starts at {offset}.",
            "Ask with HEAD for the offset and continue there.",
            **{"Upload-Offset": str(held)},
        )
    except ChecksumMismatchError:
        return _problem(
            460,
            "checksum_mismatch",
            "The chunk does not have its checksum; it was not kept.",
            "Send it again.",
        )
    if arrived == view.size:
        await _complete(upload_id, view.size)
    else:
        await in_database(record_offset, upload_id=view.id, offset=arrived)
    return Response(status_code=204, headers=tus_headers(**{"Upload-Offset": str(arrived)}))


async def _complete(upload_id: str, size: int) -> None:
    """Hash what this process has not seen and store the file; run again after a crash it changes nothing."""
    key = UUID(upload_id)
    digest = await run_sync(_finish_hash, upload_id, size)
    await in_database(complete_upload, upload_id=key, sha256=digest)


def _finish_hash(upload_id: str, size: int) -> str:
    """Return the digest, or an empty text where the bytes are in the store already."""
    path = upload_file(UUID(upload_id))
    return _states.finish(upload_id, path, size) if path.exists() else ""


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


def _read_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
        raise InvalidMetadataError(
            f"The header {name.title()} must be a number of bytes.", pointer=f"/{name}"
        )
    return int(text)


def _read_checksum(request: Request) -> Checksum | None:
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
