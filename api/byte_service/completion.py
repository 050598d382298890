"""The last step of an upload: its digest, and its place in the store. One request at a time does it."""

import asyncio
import time
from uuid import UUID

from anyio.to_thread import run_sync

from api.byte_service.receiving import HashStates, UploadLockedError, locked
from api.byte_service.visitors import at_length_in_database
from repository.services.storage import upload_file
from repository.services.uploads import complete_upload

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
