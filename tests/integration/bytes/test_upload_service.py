"""What no client sees quickly: expiry, leftovers of killed processes, a completion killed between its lines."""

import datetime as dt
import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from repository.errors import DigestMismatchError, UploadGoneError
from repository.models import AuditEvent, DataFile, Job, Upload
from repository.services.leftovers import remove_leftovers
from repository.services.storage import get_object_store, open_whole_store, upload_file, work_folder
from repository.services.uploads import (
    complete_upload,
    expire_uploads,
    record_offset,
    start_upload,
)
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
CONTENT = b"frames" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LONG_AGO = time.time() - 30 * 86_400


@pytest.fixture
def deposit() -> Any:
    return make_deposit()


def begin(deposit: Any, path: str = "a.bin", content: bytes = CONTENT, **promise: Any) -> uuid.UUID:
    plan = start_upload(deposit_id=deposit.pk, actor=deposit.owner, path=path, size=len(CONTENT), **promise)
    assert plan.upload_id is not None
    upload_file(plan.upload_id).write_bytes(content)
    return plan.upload_id


def test_expired_transfers_are_removed_with_their_bytes(deposit: Any) -> None:
    old, fresh, done = (begin(deposit, name) for name in ("old.bin", "fresh.bin", "done.bin"))
    complete_upload(upload_id=done, sha256=DIGEST)
    past = timezone.now() - dt.timedelta(seconds=1)
    Upload.objects.filter(pk__in=[old, done]).update(expires_at=past)
    assert expire_uploads() == 1
    assert not upload_file(old).exists()
    assert upload_file(fresh).exists()
    assert set(deposit.files.values_list("path", "state")) == {
        ("fresh.bin", "uploading"),
        ("done.bin", "stored"),
    }
    assert b"".join(get_object_store().open_range(DIGEST)) == CONTENT


def test_continued_transfer_lives_longer(deposit: Any) -> None:
    key = begin(deposit, content=CONTENT[:10])
    Upload.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=5))
    record_offset(upload_id=key, offset=10)
    assert Upload.objects.get().expires_at > timezone.now() + dt.timedelta(days=6)


def test_completion_is_safe_to_repeat(deposit: Any) -> None:
    key = begin(deposit, sha256=DIGEST)
    first = complete_upload(upload_id=key, sha256=DIGEST)
    again = complete_upload(upload_id=key, sha256="")
    assert (first.pk, again.state, again.sha256) == (again.pk, DataFile.State.STORED, DIGEST)
    assert AuditEvent.objects.filter(action="file.store").count() == 1


def test_completion_killed_after_the_bytes_moved(deposit: Any) -> None:
    key = begin(deposit)
    Upload.objects.filter(pk=key).update(sha256=DIGEST)
    open_whole_store().adopt(upload_file(key), DIGEST)
    stored = complete_upload(upload_id=key, sha256="")  # nothing is left to hash
    assert (stored.state, stored.sha256) == (DataFile.State.STORED, DIGEST)


def test_completion_without_bytes_says_so(deposit: Any) -> None:
    key = begin(deposit)
    upload_file(key).unlink()
    with pytest.raises(UploadGoneError):
        complete_upload(upload_id=key, sha256="")


def test_broken_promise_is_told_every_time(deposit: Any) -> None:
    key = begin(deposit, sha256="0" * 64)
    for _ in range(2):
        with pytest.raises(DigestMismatchError):
            complete_upload(upload_id=key, sha256=DIGEST)
    assert deposit.files.get().state == DataFile.State.QUARANTINED
    assert deposit.findings.filter(code="digest_mismatch", severity="error").count() == 1


def age(path: Path) -> Path:
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_leftovers_of_killed_processes_are_swept(deposit: Any) -> None:
    wanted = age(upload_file(begin(deposit)))
    orphan = upload_file(uuid.uuid4())
    orphan.write_bytes(b"x")
    young = upload_file(uuid.uuid4())
    young.write_bytes(b"x")
    age(orphan)
    running = Job.objects.create(
        kind="convert_measurement", target="a", state="running", lease_until=timezone.now()
    )
    done = Job.objects.create(kind="convert_measurement", target="b", state="done")
    folders = [work_folder("attempts") / f"{job.pk}-1" for job in (running, done)]
    for folder in folders:
        (folder / "output").mkdir(parents=True)
        age(folder)
    assert remove_leftovers() == 2
    assert wanted.exists()
    assert young.exists()
    assert [path.exists() for path in (orphan, *folders)] == [False, True, False]
