"""What nobody owns is removed after the grace time; what anybody owns never."""

import importlib
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from repository.models import (
    ArrayObject,
    AuditEvent,
    DataFile,
    Deposit,
    Measurement,
    Product,
    StoredObject,
    StoreWalk,
    Upload,
    VersionFile,
)
from repository.services import collection, references, store_walks
from repository.services.collection import collect_objects
from repository.services.deposits import delete_deposit
from repository.services.publishing import start_new_version
from repository.services.storage import get_object_store, open_whole_store, work_folder
from repository.services.store_walks import mark_unreferenced, note_unlisted
from repository.services.stored_objects import ObjectsCollectedError, adopt_object, hold_objects
from repository.services.uploads import cancel_upload, delete_file
from repository.services.withdrawal import withdraw_version
from repository.tasks.maintenance import collect_stored_objects, expire_uploads
from tests.deposits import add_measurement, make_published, make_ready
from tests.factories import make_deposit, make_user, store_bytes
from tests.integration.collection.conftest import (
    AT_ONCE,
    GRACE,
    digest_of,
    is_stored,
    list_owned,
    list_stored,
    mark,
    pass_time,
    send,
    upload,
)

pytestmark = pytest.mark.django_db
CONTENT = b"counts of a detector"


def test_bytes_of_a_deleted_draft_go_after_the_grace_time() -> None:
    deposit = make_ready()
    upload(deposit_of(deposit), "more.raw", CONTENT)
    stored = list_stored()
    assert len(stored) > 3
    delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    mark()
    assert collect_objects().count == 0
    assert list_stored() == stored, "within the grace time nothing goes"
    size = sum(StoredObject.objects.values_list("size", flat=True))
    pass_time(GRACE)
    removed = collect_objects()
    assert (removed.count, removed.size) == (len(stored), size)
    assert list_stored() == set()
    assert not StoredObject.objects.exists()
    events = AuditEvent.objects.filter(action="objects.collect")
    assert sum(event.detail["count"] for event in events) == len(stored)
    assert {digest for event in events for digest in event.detail["sha256"]} == stored
    assert collect_objects().count == 0


def deposit_of(deposit: Deposit) -> Deposit:
    """Open a ready deposit again for one file more."""
    Deposit.objects.filter(pk=deposit.pk).update(state="draft")
    deposit.refresh_from_db()
    return deposit


def test_bytes_that_somebody_else_holds_stay() -> None:
    first, second = make_deposit(), make_deposit()
    upload(first, "a.raw", CONTENT)
    upload(second, "b.raw", CONTENT)
    delete_deposit(deposit_id=first.pk, actor=first.owner)
    mark()
    pass_time(GRACE)
    assert collect_objects().count == 0
    assert is_stored(CONTENT)
    delete_file(deposit_id=second.pk, actor=second.owner, path="b.raw")
    pass_time(GRACE)
    assert collect_objects().count == 1
    assert not is_stored(CONTENT)


def test_a_reference_that_comes_late_keeps_the_bytes() -> None:
    sha256, size = store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    DataFile.objects.create(deposit=make_deposit(), path="a.raw", size=size, sha256=sha256, state="stored")
    assert collect_objects().count == 0
    row = StoredObject.objects.get(pk=sha256)
    assert (row.is_present, row.unreferenced_since) == (True, None)


def test_bytes_touched_within_the_grace_time_stay() -> None:
    sha256, _ = store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    StoredObject.objects.filter(pk=sha256).update(touched_at=timezone.now())
    assert collect_objects().count == 0
    assert is_stored(CONTENT)


def test_a_writer_that_comes_back_keeps_the_bytes() -> None:
    store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    store_bytes(CONTENT)
    assert collect_objects().count == 0
    assert mark() == 1, "its time begins anew"


@pytest.mark.parametrize("fate", ["published", "withdrawn", "left out"])
def test_what_was_published_is_never_removed(fate: str) -> None:
    version = make_published()
    deposit = version.dataset.deposit
    published = set(version.files.values_list("sha256", flat=True))
    published |= set(ArrayObject.objects.values_list("sha256", flat=True))
    published |= set(Product.objects.values_list("sha256", flat=True))
    if fate == "withdrawn":
        withdraw_version(dataset_id=deposit.pk, number=1, actor=deposit.owner, reason="A wrong file.")
    elif fate == "left out":
        start_new_version(deposit_id=deposit.pk, actor=deposit.owner)
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="scan.raw")
    assert mark() == 0
    pass_time(2 * GRACE)
    assert collect_objects().count == 0
    assert published <= list_stored()


def forget_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program believe that nothing refers to anything."""
    monkeypatch.setattr(collection, "find_referenced", lambda _digests: set())


def test_the_database_refuses_to_give_up_what_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    version = make_published()
    published = list_stored()
    StoredObject.objects.update(unreferenced_since=timezone.now())
    pass_time(2 * GRACE)
    forget_references(monkeypatch)
    with pytest.raises(IntegrityError, match="published"), transaction.atomic():
        collect_objects()
    assert list_stored() == published
    digests = [
        version.files.values_list("sha256", flat=True)[0],
        ArrayObject.objects.values_list("sha256", flat=True)[0],
        Product.objects.values_list("sha256", flat=True)[0],
    ]
    for digest in digests:
        with pytest.raises(IntegrityError, match="published"), transaction.atomic():
            StoredObject.objects.filter(pk=digest).update(is_present=False)
        with pytest.raises(IntegrityError, match="published"), transaction.atomic():
            StoredObject.objects.filter(pk=digest).delete()


def test_an_object_without_a_row_gets_one_and_goes() -> None:
    stray = open_whole_store().put([CONTENT]).digest  # killed between the store and the database
    kept, _ = store_bytes(b"known")
    DataFile.objects.create(deposit=make_deposit(), path="a.raw", size=5, sha256=kept, state="stored")
    assert note_unlisted() == 1
    row = StoredObject.objects.get(pk=stray)
    assert (row.size, row.is_present) == (len(CONTENT), False)
    assert note_unlisted() == 0
    mark()
    pass_time(GRACE)
    assert collect_objects().count == 1
    assert list_stored() == {kept}


def test_an_object_without_a_row_to_which_something_refers_stays_usable() -> None:
    digest = open_whole_store().put([CONTENT]).digest
    DataFile.objects.create(
        deposit=make_deposit(), path="a.raw", size=len(CONTENT), sha256=digest, state="stored"
    )
    note_unlisted()
    hold_objects([digest])
    mark()
    pass_time(GRACE)
    assert collect_objects().count == 0


def test_walks_go_on_from_where_they_were_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_walks, "BATCH", 3)
    strays = {open_whole_store().put([f"frame {number}".encode()]).digest for number in range(10)}
    taken = [note_unlisted(seconds=-1) for _ in range(4)]  # one batch a call
    assert taken == [3, 3, 3, 1]
    assert set(StoredObject.objects.values_list("pk", flat=True)) == strays
    assert StoreWalk.objects.get(pk="list").finished_at is not None
    assert note_unlisted(seconds=-1) == 0, "the next round begins a day later"
    assert [mark_unreferenced(seconds=-1) for _ in range(4)] == [3, 3, 3, 1]


def test_drafts_of_the_store_are_swept_by_beat() -> None:
    folder = Path(open_whole_store().root) / "incoming"  # type: ignore[attr-defined]
    folder.mkdir(parents=True)
    (folder / "old").write_bytes(b"half")
    (folder / "young").write_bytes(b"half")
    before = time.time() - 25 * 3600
    os.utime(folder / "old", (before, before))
    expire_uploads()
    assert [path.name for path in folder.iterdir()] == ["young"]


def test_beat_does_it_all(settings: Any) -> None:
    assert settings.CELERY_BEAT_SCHEDULE["collect-objects"]["task"] == "stemma.collect_objects"
    settings.COLLECT_GRACE = AT_ONCE
    open_whole_store().put([CONTENT])
    collect_stored_objects()
    assert list_stored() == set()


def test_a_cancelled_upload_whose_bytes_had_moved_leaves_nothing() -> None:
    deposit = make_deposit()
    key = send(deposit, "a.raw", CONTENT)
    Upload.objects.filter(pk=key).update(sha256=digest_of(CONTENT))
    adopt_object(work_file(CONTENT), digest_of(CONTENT))
    mark()
    pass_time(GRACE)
    assert collect_objects().count == 0, "the upload still refers to them"
    cancel_upload(upload_id=key, actor=deposit.owner)
    assert StoredObject.objects.get().charged_to == deposit.owner
    pass_time(GRACE)
    assert collect_objects().count == 1


def work_file(content: bytes) -> Path:
    path = work_folder("test") / "draft"
    path.write_bytes(content)
    return path


def test_results_whose_bytes_were_collected_are_not_written_down() -> None:
    """A job that took longer than the grace time is done again; it never refers to bytes that are gone."""
    sha256, _ = store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    collect_objects()
    with pytest.raises(ObjectsCollectedError, match="1 results"), transaction.atomic():
        hold_objects([sha256])
    store_bytes(CONTENT)
    hold_objects([sha256])


def test_results_whose_bytes_are_being_collected_are_not_written_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sha256, _ = store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    monkeypatch.setattr(collection, "_remove", lambda _batch: collection.Removed())  # killed in between
    collection._give_up(collection._is_due())
    with pytest.raises(ObjectsCollectedError), transaction.atomic():
        hold_objects([sha256])
    # Another writer announces the bytes and is killed before it brings them: still nobody may rely on them.
    monkeypatch.setattr(type(open_whole_store()), "adopt", _die)
    with pytest.raises(KeyboardInterrupt):
        store_bytes(CONTENT)
    with pytest.raises(ObjectsCollectedError), transaction.atomic():
        hold_objects([sha256])


def _die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_the_migration_gives_a_row_to_everything_that_is_stored() -> None:
    add_measurement(make_deposit())
    upload(make_deposit(), "a.raw", CONTENT)
    send(make_deposit(), "half.raw", b"half")
    rows = dict(StoredObject.objects.values_list("pk", "size"))
    assert set(rows) == list_owned()
    StoredObject.objects.all().delete()
    migration = importlib.import_module("repository.migrations.0009_stored_objects")
    with connection.cursor() as cursor:
        for statement in migration.FILL:
            cursor.execute(statement)
    assert dict(StoredObject.objects.values_list("pk", "size")) == rows
    assert not StoredObject.objects.exclude(is_present=True).exists()
    assert len(migration.FILL) == len(references.list_references())


def run_command(*arguments: str) -> list[str]:
    output = io.StringIO()
    call_command("collect", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_the_command_shows_first_and_removes_then(settings: Any) -> None:
    deposit = make_deposit(make_user())
    upload(deposit, "a.raw", CONTENT)
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    open_whole_store().put([b"stray"])
    shown = run_command("--dry-run")
    assert shown == [
        "0 objects would be removed (0 bytes)",
        "1 object is without a reference in all, its grace time over or not (20 bytes)",
        "1 object has no row yet; the next walk writes it (5 bytes)",
    ]
    pass_time(GRACE)
    shown = run_command("--dry-run")
    assert shown[0].startswith(f"{digest_of(CONTENT)} 20 bytes, unreferenced since 20")
    assert shown[1] == "1 object would be removed (20 bytes)"
    assert is_stored(CONTENT)
    removed = run_command()
    assert removed[2] == "1 object was removed (20 bytes)"
    assert removed[3] == "1 object is without a reference in all, its grace time over or not (5 bytes)"
    assert not is_stored(CONTENT)
    assert is_stored(b"stray")


def test_published_rows_stand_for_published_files() -> None:
    """A version repeats the digest of its files, and the row of a file stays as long as a version has it."""
    version = make_published()
    assert VersionFile.objects.filter(version=version).count() == DataFile.objects.count()
    assert Measurement.objects.exclude(frozen_at=None).count() == 1
    assert get_object_store().size(version.files.values_list("sha256", flat=True)[0]) > 0
