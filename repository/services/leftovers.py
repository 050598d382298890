"""Sweeping what killed processes left on the disk: bytes to which no row refers any more."""

import shutil
import time
import uuid
from pathlib import Path

from django.conf import settings

from repository.models import Job, Upload
from repository.services.storage import open_whole_store, upload_folder, work_folder

ATTEMPTS = "attempts"
SETTLE_S = 3600.0  # younger ones may belong to a row that is being written just now
DRAFT_S = 24 * 3600.0  # a draft of the object store nobody has written to for so long has no writer


def remove_leftovers() -> int:
    """Remove transfers without a row, work folders of ended jobs, half-written objects; return how many."""
    drafts = open_whole_store().remove_leftovers(older_than=time.time() - DRAFT_S)
    return _remove_uploads() + _remove_attempts() + drafts


def _remove_uploads() -> int:
    before = time.time() - settings.UPLOAD_LIFETIME.total_seconds()
    found = {key: path for path in upload_folder().iterdir() if (key := _read_key(path.name)) is not None}
    known = set(Upload.objects.filter(pk__in=found, completed_at__isnull=True).values_list("pk", flat=True))
    stale = [path for key, path in found.items() if key not in known and _is_older(path, before)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _remove_attempts() -> int:
    """Remove folders `<job id>-<attempt>`; a job that is tried again removes its own earlier ones."""
    before = time.time() - SETTLE_S
    folders = [
        (key, path)
        for path in work_folder(ATTEMPTS).iterdir()
        if (key := _read_key(path.name.rpartition("-")[0])) is not None
    ]
    active = set(
        Job.objects.filter(pk__in=[key for key, _ in folders], state__in=Job.ACTIVE).values_list(
            "pk", flat=True
        )
    )
    stale = [path for key, path in folders if key not in active and _is_older(path, before)]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return len(stale)


def _read_key(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None


def _is_older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False
