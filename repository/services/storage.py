"""Where the bytes are. The settings choose the store; everything else knows only its protocol."""

import uuid
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from repository.integrations.local_copies import LocalCopies
from repository.integrations.object_store import (
    LocalObjectStore,
    ObjectStore,
    ObjectStoreUnavailableError,
    ReadableStore,
)
from repository.integrations.s3_object_store import S3Bucket, S3ObjectStore
from repository.services.disk import require_reserve

__all__ = [
    "ObjectStoreUnavailableError",
    "get_object_store",
    "open_whole_store",
    "upload_file",
    "upload_folder",
    "work_folder",
]


@cache
def _open_local_store(root: Path) -> ObjectStore:
    return LocalObjectStore(root)


@cache
def _open_s3_store(bucket: S3Bucket, copies: Path, limit_bytes: int) -> ObjectStore:
    local = LocalCopies(copies, limit_bytes=limit_bytes, check_room=partial(require_reserve, copies.parent))
    return S3ObjectStore(bucket, copies=local)


def get_object_store() -> ReadableStore:
    """Return the content-addressed store of this installation, for reading: bytes are brought by `adopt_object`."""
    return open_whole_store()


def open_whole_store() -> ObjectStore:
    """Return the store, a folder or a bucket where S3_BUCKET is set, for those who keep its rows and nobody else."""
    home = Path(settings.STEMMA_HOME)
    chosen = settings.OBJECT_STORE
    if chosen is None:
        return _open_local_store(home / "objects")
    bucket = S3Bucket(
        bucket=chosen.bucket,
        region=chosen.region,
        access_key_id=chosen.access_key_id,
        secret_access_key=chosen.secret_access_key,
        endpoint_url=chosen.endpoint_url,
    )
    return _open_s3_store(bucket, home / "cache" / "objects", settings.OBJECT_CACHE_BYTES)


def upload_folder() -> Path:
    """Return the folder of transfers that are under way."""
    folder = Path(settings.STEMMA_HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def upload_file(upload_id: uuid.UUID) -> Path:
    """Return the file that collects the bytes of an upload."""
    return upload_folder() / str(upload_id)


def work_folder(name: str) -> Path:
    """Return a folder for one attempt of one job; what is left in it by a killed worker is nobody's result."""
    folder = Path(settings.STEMMA_HOME) / "work" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
