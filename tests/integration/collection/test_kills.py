"""A collection that is killed before any of its lines, and one beside writers that are at the same bytes."""

import hashlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from repository.integrations import object_store
from repository.integrations.object_store import LocalObjectStore
from repository.models import AuditEvent, DataFile, StoredObject
from repository.models.stored_object import measure_use
from repository.services import collection, store_walks, stored_objects
from repository.services.collection import collect_objects
from repository.services.deposits import delete_deposit
from repository.services.storage import get_object_store
from repository.services.store_walks import note_unlisted
from repository.services.stored_objects import ObjectsCollectedError, adopt_object, hold_objects
from repository.services.uploads import complete_upload, delete_file
from tests.factories import make_deposit, store_bytes
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
from tests.patience import patient
from tests.power_cuts import PowerCutError, power_cut

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"counts of a detector"
DIGEST = digest_of(CONTENT)
PATIENCE_S = patient(60)
MOST_LINES = 1000


def round_of_beat() -> None:
    note_unlisted(pause=AT_ONCE)
    mark()
    collect_objects()


def test_killed_before_some_lines_the_next_round_ends_it() -> None:
    assert kill_rounds(range(1, MOST_LINES, 9)) > 40


@pytest.mark.long
def test_killed_before_any_line_the_next_round_ends_it() -> None:
    assert kill_rounds(range(1, MOST_LINES)) > 40


def kill_rounds(lines: range) -> int:
    """Kill a round before each of these lines, and end it with another; return the first line behind a round's end."""
    upload(make_deposit(), "kept.raw", b"kept")
    for at_line in lines:
        deposit = make_deposit()
        upload(deposit, "a.raw", CONTENT)
        upload(deposit, "b.raw", b"other bytes")
        delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
        pass_time(GRACE)
        before, was_cut = counted(), False
        try:
            with power_cut(at_line, collection, store_walks):
                round_of_beat()
        except PowerCutError:
            was_cut = True
            connection.close()
        assert is_stored(b"kept")
        round_of_beat()
        assert list_stored() == list_owned() == {digest_of(b"kept")}, f"killed before line {at_line}"
        assert StoredObject.objects.count() == 1
        assert counted() - before == 2, f"killed before line {at_line}: each removal is written down once"
        assert measure_use(deposit.owner).used == 0
        if not was_cut:
            return at_line
    pytest.fail("a round has more lines than were tried")


def counted() -> int:
    return sum(event.detail["count"] for event in AuditEvent.objects.filter(action="objects.collect"))


@pytest.mark.long
def test_an_upload_killed_before_any_line_is_taken_up_again() -> None:
    at_line, was_cut = 0, True
    while was_cut:
        at_line += 1
        deposit = make_deposit()
        key = send(deposit, "a.raw", CONTENT)
        try:
            with power_cut(at_line, stored_objects, object_store):
                complete_upload(upload_id=key, sha256=DIGEST)
            was_cut = False
        except PowerCutError:
            connection.close()
        mark()
        pass_time(2 * GRACE)
        collect_objects()
        assert complete_upload(upload_id=key, sha256="" if is_stored(CONTENT) else DIGEST).state == "stored"
        assert is_stored(CONTENT)
        assert StoredObject.objects.get(pk=DIGEST).is_present
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
        pass_time(GRACE)
        assert collect_objects().count == 1
    assert at_line > 15


def test_what_was_given_up_and_brought_and_deleted_again_keeps_a_grace_time_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deposit = make_deposit()
    upload(deposit, "a.raw", CONTENT)
    delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="a.raw")
    pass_time(GRACE)
    remove = collection._remove

    def bring_and_delete_first(batch: list[str]) -> collection.Removed:
        assert batch == [DIGEST]
        upload(deposit, "b.raw", CONTENT)
        delete_file(deposit_id=deposit.pk, actor=deposit.owner, path="b.raw")
        return remove(batch)

    monkeypatch.setattr(collection, "_remove", bring_and_delete_first)
    assert collect_objects().count == 0
    assert is_stored(CONTENT)
    assert StoredObject.objects.get(pk=DIGEST).is_present
    monkeypatch.undo()
    assert collect_objects().count == 0, "its grace time has only begun"
    pass_time(GRACE)
    assert collect_objects().count == 1


class Held:
    """A step of one thread that waits for another."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def stop(self) -> None:
        self.reached.set()
        assert self.go_on.wait(PATIENCE_S)


class Beside(threading.Thread):
    """Something done on a connection of its own."""

    def __init__(self, action: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._action = action
        self.result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._action()
        except Exception as fault:  # noqa: BLE001  # what was raised is the result
            self.result = fault
        finally:
            connection.close()

    def end(self) -> Any:
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self.result


def hold_step(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool = False) -> Held:
    """Make the first call of a step wait, before or after it has done its work; later ones pass."""
    held, once = Held(), threading.Lock()
    step = getattr(owner, name)

    def wait(*words: Any, **more: Any) -> Any:
        if not once.acquire(blocking=False):
            return step(*words, **more)
        if not after:
            held.stop()
        result = step(*words, **more)
        if after:
            held.stop()
        return result

    monkeypatch.setattr(owner, name, wait)
    return held


def make_unowned() -> None:
    deposit = make_deposit()
    upload(deposit, "a.raw", CONTENT)
    delete_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    pass_time(GRACE)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (collection, "find_referenced"),
        (collection, "_give_up"),
        (LocalObjectStore, "remove"),
        (collection, "_remove"),
    ],
)
def test_bytes_uploaded_while_they_are_collected_are_not_lost(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool
) -> None:
    make_unowned()
    deposit = make_deposit()
    key = send(deposit, "again.raw", CONTENT)
    held = hold_step(monkeypatch, owner, name, after=after)
    collecting = Beside(collect_objects)
    assert held.reached.wait(PATIENCE_S)
    uploading = Beside(lambda: complete_upload(upload_id=key, sha256=DIGEST))
    uploading.join(patient(0.3))  # it has ended, or waits for a lock: both must come out well
    held.go_on.set()
    assert isinstance(collecting.end(), collection.Removed)
    assert isinstance(uploading.end(), DataFile)
    require_whole()
    pass_time(2 * GRACE)
    round_of_beat()
    require_whole()


def require_whole() -> None:
    assert hashlib.sha256(b"".join(get_object_store().open_range(DIGEST))).hexdigest() == DIGEST
    assert StoredObject.objects.get(pk=DIGEST).is_present


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(stored_objects, "_touch"), (LocalObjectStore, "adopt"), (stored_objects, "adopt_object")],
)
def test_bytes_collected_while_they_are_brought_are_not_lost(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool
) -> None:
    """A writer so slow that its grace time ends: what it writes down is there, or it is told to begin again."""
    make_unowned()
    draft = Path(get_object_store().path_of(DIGEST)).parent.parent / "draft"
    held = hold_step(monkeypatch, owner, name, after=after)

    def bring() -> str:
        draft.write_bytes(CONTENT)
        stored_objects.adopt_object(draft, DIGEST)
        with transaction.atomic():
            hold_objects([DIGEST])
            DataFile.objects.create(
                deposit=make_deposit(), path="late.raw", size=len(CONTENT), sha256=DIGEST, state="stored"
            )
        return "written down"

    bringing = Beside(bring)
    assert held.reached.wait(PATIENCE_S)
    mark()
    pass_time(2 * GRACE)
    round_of_beat()
    held.go_on.set()
    result = bringing.end()
    if isinstance(result, ObjectsCollectedError):
        monkeypatch.undo()
        assert bring() == "written down"
    else:
        assert result == "written down"
    require_whole()


def test_who_writes_down_and_who_collects_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    store_bytes(CONTENT)
    mark()
    pass_time(GRACE)
    deposit = make_deposit()
    held = Held()

    def write_down() -> None:
        with transaction.atomic():
            hold_objects([DIGEST])
            held.stop()
            DataFile.objects.create(
                deposit=deposit, path="a.raw", size=len(CONTENT), sha256=DIGEST, state="stored"
            )

    writing = Beside(write_down)
    assert held.reached.wait(PATIENCE_S)
    assert collect_objects().count == 0, "what is held is left alone"
    held.go_on.set()
    assert writing.end() is None
    assert collect_objects().count == 0
    require_whole()


@pytest.mark.long
def test_many_rounds_of_everything_at_once() -> None:
    """Uploads, deletions and collections of the same few bytes in eight threads, with no grace time at all."""
    from django.conf import settings

    settings.COLLECT_GRACE = AT_ONCE
    contents = [f"frame {number}".encode() for number in range(3)]
    deposits = [make_deposit() for _ in range(4)]

    def live(number: int) -> None:
        deposit = deposits[number]
        for turn in range(40):
            content = contents[(number + turn) % len(contents)]
            upload(deposit, f"{turn}.raw", content)
            assert get_object_store().size(digest_of(content)) == len(content)
            if turn % 4 != number % 4:
                delete_file(deposit_id=deposit.pk, actor=deposit.owner, path=f"{turn}.raw")

    ended = threading.Event()

    def collect() -> None:
        while not ended.is_set():
            round_of_beat()

    beats = [Beside(collect) for _ in range(2)]
    lives = [Beside(partial(live, number)) for number in range(4)]
    for life in lives:
        life.join(10 * PATIENCE_S)
    ended.set()
    assert [thread.end() for thread in (*lives, *beats)] == [None] * 6
    assert list_owned() <= list_stored()
    round_of_beat()
    round_of_beat()
    assert list_owned() == list_stored()


def test_adoption_without_a_file_or_an_object_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        adopt_object(Path("/nowhere"), DIGEST)
    assert not StoredObject.objects.exists()
