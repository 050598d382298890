"""Objects of the store under the hands of a test."""

import datetime as dt
from pathlib import Path

from django.utils import timezone

from repository.models import AuditEvent, StoredObject
from repository.services.storage import get_object_store


def locate(sha256: str) -> Path:
    return get_object_store().path_of(sha256)


def rot(sha256: str) -> None:
    """Flip four bytes of an object."""
    path = locate(sha256)
    content = bytearray(path.read_bytes())
    for position in range(4):
        content[position] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(content)


def age(*digests: str, days: float = 400) -> None:
    """Let these objects have been read so many days ago."""
    StoredObject.objects.filter(pk__in=digests).update(verified_at=timezone.now() - dt.timedelta(days=days))


def row(sha256: str) -> StoredObject:
    return StoredObject.objects.get(pk=sha256)


def events(action: str, target: str) -> int:
    return AuditEvent.objects.filter(action=action, target=target).count()


def unmount() -> Path:
    """Let the store be an empty folder, as where a disk is mounted; return where its own one is now."""
    root = locate("0" * 64).parents[2]
    away = root.with_name("unmounted")
    root.rename(away)
    root.mkdir()
    return away
