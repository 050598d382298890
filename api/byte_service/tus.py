"""Resumable uploads: tus 1.0.0 with creation, termination, checksum and expiration.

The file on disk is the truth about the offset: a server that was killed finds there what has arrived.
The last step is digest and place in the store: one request at a time does it.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from anyio.to_thread import run_sync
from django.conf import settings
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.byte_service.answers import Endpoint
from api.byte_service.audiences import EDITORS_OF_DRAFT, SENDERS_OF_UPLOAD
from api.byte_service.decisions import Decision, DecisionCache
from api.byte_service.receiving import (
    CHECKSUM_ALGORITHMS,
    BeyondPromiseError,
    Checksum,
    ChecksumMismatchError,
    HashStates,
    OffsetConflictError,
    UploadLockedError,
    is_locked,
    locked,
    receive_chunk,
)
from api.byte_service.tus_answers import (
    VERSION,
    answer_write_fault,
    offset_headers,
    parse_metadata,
    read_checksum,
    read_number,
    refuse,
    refuse_checksum,
    refuse_excess,
    refuse_lock,
    refuse_offset,
    refuse_version,
    tus_headers,
)
from api.byte_service.visitors import Credential, at_length_in_database, in_database, read_credential
from repository.errors import FileTooLargeError, InvalidMetadataError, StorageRefusedError
from repository.limits import UPLOADS_OF_ACCOUNT
from repository.selectors import addresses
from repository.selectors.uploads import UploadView, require_user
from repository.services.disk import is_promise_kept
from repository.services.limits import count_attempt
from repository.services.storage import upload_file
from repository.services.uploads import (
    UploadPlan,
    cancel_upload,
    complete_upload,
    count_arrived,
    record_offset,
    renew_promise,
    start_upload,
)

EXTENSIONS = "creation,termination,checksum,expiration"
CHUNK_TYPE = "application/offset+octet-stream"
HEAD_PATIENCE_S = 2.0
SKIP_BYTES = 16 << 20
SKIP_S = 3.0
DECIDE_AGAIN_AFTER_S = 1.0
"""Bytes may come for hours: whoever may not continue any more does not end the upload either."""
_decisions: DecisionCache[UploadView] = DecisionCache()


Exchange = Callable[[Request, Credential], Awaitable[Response]]


def in_version(exchange: Exchange) -> Endpoint:
    """Return what answers a request that speaks the protocol's version, and refuses others."""

    async def answer(request: Request) -> Response:
        return refuse_version(request) or await exchange(request, read_credential(request))

    return answer


async def describe_protocol(_request: Request) -> Response:
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


async def create_upload(request: Request, credential: Credential) -> Response:
    """Promise a file."""
    size = read_number(request, "upload-length")
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
    if plan.offset == size:  # nothing is left to send, so no chunk would bring it to its end
        try:
            await complete(plan.upload_id, size)
        except UploadLockedError:
            return refuse_lock()
    headers = offset_headers(
        plan.offset, _next_expiry(), Location=addresses.upload_address(str(plan.upload_id))
    )
    return Response(status_code=201, headers=headers)


def _create(credential: Credential, metadata: dict[str, str], size: int) -> UploadPlan:
    asking = EDITORS_OF_DRAFT.recognize(credential)
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
    access = EDITORS_OF_DRAFT.admit(asking.visitor, {"deposit_id": deposit_id})
    actor = require_user(asking.visitor)
    count_attempt(UPLOADS_OF_ACCOUNT.of(str(actor.pk)))
    return start_upload(
        deposit_id=access.deposit_id,
        actor=actor,
        path=path,
        size=size,
        sha256=metadata.get("sha256", ""),
        replace=metadata.get("replace", ""),
    )


async def cancel(request: Request, credential: Credential) -> Response:
    """End an upload."""
    await in_database(_cancel, credential, request.path_params["upload_id"])
    return Response(status_code=204, headers=tus_headers())


def _cancel(credential: Credential, upload_id: str) -> None:
    asking = SENDERS_OF_UPLOAD.recognize(credential)
    view = SENDERS_OF_UPLOAD.admit(asking.visitor, {"upload_id": upload_id})
    cancel_upload(upload_id=view.id, actor=require_user(asking.visitor))


async def tell_offset(request: Request, credential: Credential) -> Response:
    """Report the offset; an upload whose last byte arrived before the server died is completed now."""
    view = (await in_database(_describe, credential, request.path_params["upload_id"])).value
    arrived = view.size if view.is_complete else await _count_settled(view)
    if arrived == view.size:
        try:
            await complete(view.id, view.size)
        except UploadLockedError:
            return Response(status_code=423, headers=tus_headers())
    headers = offset_headers(arrived, view.expires_at, **{"Upload-Length": str(view.size)})
    return Response(status_code=200, headers=headers)


async def _count_settled(view: UploadView) -> int:
    """Return how much has arrived, a moment later where a connection that was cut is still being noticed."""
    deadline = time.monotonic() + HEAD_PATIENCE_S
    while is_locked(upload_file(view.id)) and time.monotonic() < deadline:  # noqa: ASYNC110 - other processes hold it too
        await asyncio.sleep(0.05)
    return count_arrived(view.id, view.size)


def _describe(credential: Credential, upload_id: str) -> Decision[UploadView]:
    asking = SENDERS_OF_UPLOAD.recognize(credential)
    view = SENDERS_OF_UPLOAD.admit(asking.visitor, {"upload_id": upload_id})
    return Decision(view, (f"deposit:{view.deposit_id}", *asking.subjects), asking.until)


async def _decide(credential: Credential, upload_id: str) -> UploadView:
    """Return the transfer for somebody who may continue it, as was decided a moment ago or is now."""
    key = (credential, upload_id)
    view = _decisions.get(key)
    if view is None:
        view = await in_database(_decisions.remember, key, lambda: _describe(credential, upload_id))
    return view


async def append_chunk(request: Request, credential: Credential) -> Response:
    """Continue an upload."""
    if request.headers.get("content-type", "") != CHUNK_TYPE:
        return refuse(415, "content_type", f"A chunk has the content type {CHUNK_TYPE}.")
    return await _append(request, credential, request.path_params["upload_id"])


async def _append(request: Request, credential: Credential, upload_id: str) -> Response:
    offset = read_number(request, "upload-offset")
    checksum = read_checksum(request)
    view = await _decide(credential, upload_id)
    try:
        begun = time.monotonic()
        arrived = await _receive(request, view, offset, checksum)
        if time.monotonic() - begun > DECIDE_AGAIN_AFTER_S:
            view = await _decide(credential, upload_id)
        await _settle(view, arrived)
    except OffsetConflictError:
        return refuse_offset(view, offset)
    except BeyondPromiseError:
        return refuse_excess(view, offset)
    except ChecksumMismatchError:
        return refuse_checksum()
    except UploadLockedError:
        return refuse_lock()
    except (StorageRefusedError, OSError) as fault:
        await _skip_rest(request)
        return answer_write_fault(view, fault)
    return Response(status_code=204, headers=offset_headers(arrived, _next_expiry()))


async def _skip_rest(request: Request) -> None:
    """Take in a little of what is still on its way: a client that is cut off while it sends may not see the answer."""
    skipped = 0
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # the last: there is no rest
        async with asyncio.timeout(SKIP_S):
            async for piece in request.stream():
                skipped += len(piece)
                if skipped > SKIP_BYTES:
                    return


async def _receive(request: Request, view: UploadView, offset: int, checksum: Checksum | None) -> int:
    if not await run_sync(is_promise_kept, upload_file(view.id)):
        await in_database(renew_promise, upload_id=view.id, size=view.size)
    return await receive_chunk(
        request,
        key=str(view.id),
        path=upload_file(view.id),
        offset=offset,
        room=view.size - offset,
        states=hash_states,
        checksum=checksum,
    )


async def _settle(view: UploadView, arrived: int) -> None:
    if arrived == view.size:
        await complete(view.id, view.size)
    else:
        await in_database(record_offset, upload_id=view.id, offset=arrived)


def _next_expiry() -> dt.datetime:
    lifetime: dt.timedelta = settings.UPLOAD_LIFETIME
    return dt.datetime.now(dt.UTC) + lifetime


PATIENCE_S = 60.0
PAUSE_S = 0.1

hash_states = HashStates()


async def complete(upload_id: UUID, size: int) -> None:
    """Hash what this process has not seen and store the file; run again after a crash it changes nothing.

    The file stays locked meanwhile: whoever still writes could otherwise change bytes that have their digest.

    Raises
    ------
    UploadLockedError
        Another request has been at the same upload all the time.
    """
    path = upload_file(upload_id)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with locked(path):
                digest = await run_sync(_finish_hash, upload_id, size)
                return await at_length_in_database(_complete, upload_id, digest)
        except FileNotFoundError:
            # It moved into the store before; only the row may be behind.
            return await at_length_in_database(_complete, upload_id, "")
        except UploadLockedError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(PAUSE_S)


def _complete(upload_id: UUID, sha256: str) -> None:
    complete_upload(upload_id=upload_id, sha256=sha256)


def _finish_hash(upload_id: UUID, size: int) -> str:
    """Return the digest, or an empty text where the bytes went into the store while we waited for the lock."""
    path = upload_file(upload_id)
    return hash_states.finish(str(upload_id), path, size) if path.exists() else ""
