"""The one door by which bytes come into the object store, and the rows that say what is in it.

A writer says what it brings before it brings it, and whoever writes down a reference makes sure in the same
transaction that the bytes are still there. So bytes are never lost to a collection that runs at the same moment,
however slow the writer is and wherever a process is killed.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from repository.errors import TransientError
from repository.integrations.object_store import StoredBytes, require_digest
from repository.models import DataFile, StoredObject, Upload, User
from repository.services.fixity import note_fresh_bytes
from repository.services.storage import get_object_store, open_whole_store
from repository.services.store_mark import note_store_once

_TABLE = StoredObject._meta.db_table  # noqa: SLF001  # public by custom
_TOUCH = f"""
INSERT INTO {_TABLE} (sha256, size, touched_at, is_present, damage)
VALUES (%s, %s, statement_timestamp(), FALSE, '')
ON CONFLICT (sha256) DO UPDATE
SET touched_at = excluded.touched_at, unreferenced_since = NULL, charged_to_id = NULL
RETURNING is_present, size
"""  # noqa: S608  # our own name


class ObjectsCollectedError(TransientError):
    """Bytes were brought so long ago that they were removed before a row referred to them."""


def adopt_object(path: Path, digest: str, *, verify: bool = False) -> StoredBytes:
    """Take over the file at `path` as the object `digest`; the file is gone afterwards.

    The row is written first: from then on the bytes are left alone until the grace time is over. Killed at any
    line, it may be run again.

    Raises
    ------
    ObjectsCollectedError
        Bringing the bytes took longer than the grace time.
    """
    require_digest(digest)
    is_present, noted = _touch(digest, size=_read_size(path, digest))
    store = open_whole_store()
    note_store_once(store)
    stored = store.adopt(path, digest, verify=verify)
    if not is_present or noted != stored.size:
        arrived = StoredObject.objects.filter(pk=digest).update(is_present=True, size=stored.size)
        if not arrived:
            raise ObjectsCollectedError(
                "The bytes were removed while they were stored; they are brought again."
            )
    # Of what is not present nothing is written down: damage is taken back once the object is.
    note_fresh_bytes(digest)
    return stored


def hold_objects(digests: Iterable[str]) -> None:
    """Keep objects until this transaction, which writes down that it refers to them, has ended.

    Raises
    ------
    ObjectsCollectedError
        Some are not there any more.
    """
    wanted = set(digests)
    # FOR SHARE: a collection, or another writer's touch of the same bytes, waits for the end of the transaction.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sha256 FROM {_TABLE} WHERE sha256 = ANY(%s) AND is_present ORDER BY sha256 FOR SHARE",  # noqa: S608
            [sorted(wanted)],
        )
        missing = wanted - {row[0] for row in cursor.fetchall()}
    if missing:
        raise ObjectsCollectedError(
            f"{len(missing)} results were removed before they were written down; they are made again."
        )


def delete_files(files: QuerySet[DataFile], *, owner: User) -> list[str]:
    """Delete files that no version holds; return the transfers whose bytes are to go after the rows.

    Their bytes count as the owner's storage until they are collected: whoever deletes has not freed anything yet.
    """
    transfers = Upload.objects.filter(data_file__in=files)
    noted = list(transfers.values_list("pk", "sha256"))
    digests = {*files.values_list("sha256", flat=True), *(digest for _, digest in noted)} - {""}
    files.delete()
    _charge(digests, owner)
    return [str(key) for key, _ in noted]


def _charge(digests: Collection[str], owner: User) -> None:
    """Charge the bytes to the owner, but for those that another file of the same owner is counted for already."""
    counted = DataFile.objects.filter(deposit__owner=owner, sha256__in=digests).values_list(
        "sha256", flat=True
    )
    rows = StoredObject.objects.filter(pk__in=set(digests) - set(counted))
    # In one order everywhere: two deletions of the same bytes wait for each other, never in a circle.
    locked = [row.pk for row in rows.select_for_update().order_by("pk").only("pk")]
    StoredObject.objects.filter(pk__in=locked).update(
        charged_to=owner, unreferenced_since=Coalesce("unreferenced_since", Now())
    )


def _touch(digest: str, *, size: int) -> tuple[bool, int]:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [digest, size])
        is_present, noted = cursor.fetchone()
    return bool(is_present), int(noted)


def _read_size(path: Path, digest: str) -> int:
    """Return the size of the file; where an earlier run has moved it already, that of the object."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        store = get_object_store()
        if not store.exists(digest):
            raise
        return store.size(digest)
