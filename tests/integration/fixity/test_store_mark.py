"""Lost objects are told from a store that is away, however many are lost, and the rest goes on being read."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from repository.models import AuditEvent, Job, StoredObject
from repository.services.fixity import ObjectUnreadableError, check_object, list_due
from repository.services.storage import ObjectStoreUnavailableError, open_whole_store
from repository.services.store_mark import ACTION, DRAWN, draw_objects, mark_store, require_own_store
from repository.tasks.fixity import KIND
from repository.workflows.fixity import start_fixity_round
from tests.factories import store_bytes
from tests.integration.fixity.objects import age, events, locate, row, unmount
from tests.job_running import run_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody ring for jobs: the tests do them themselves."""
    monkeypatch.setattr("repository.workflows.jobs.announce_job", lambda *_: None)


def store_many(count: int) -> list[str]:
    return sorted(store_bytes(f"object {number}".encode())[0] for number in range(count))


def lose(digests: list[str]) -> None:
    for sha256 in digests:
        locate(sha256).unlink()


def forget_mark() -> None:
    """Let the store be one from before there were marks."""
    (locate("0" * 64).parents[2] / "store-mark").unlink()


def list_missing() -> list[str]:
    return sorted(StoredObject.objects.filter(damage="It is missing.").values_list("pk", flat=True))


@pytest.mark.parametrize("left", [0, 1, 36])
def test_however_many_are_lost_each_is_found_missing(left: int) -> None:
    digests = store_many(40)
    lose(digests[left:])
    with pytest.raises(SystemExit):
        call_command("verify", "--all", stdout=StringIO())
    assert list_missing() == digests[left:]


@pytest.mark.parametrize("verified", [False, True])
def test_those_read_last_being_lost_blinds_nobody(verified: bool) -> None:
    digests = store_many(10)
    if verified:
        age(*digests[:4], days=1)
    lose(digests[:4])
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", *digests, "--json", stdout=output)
    assert len(json.loads(output.getvalue())["damaged"]) == 4
    assert list_missing() == digests[:4]


@pytest.mark.django_db(transaction=True)
def test_a_round_goes_past_what_is_lost() -> None:
    digests = store_many(10)
    age(*digests)
    lose(digests[:7])
    start_fixity_round()
    run_job(str(Job.objects.get(kind=KIND).pk))
    assert Job.objects.get(kind=KIND).state == "done"
    assert (list_missing(), list_due(most=20)) == (digests[:7], [])


def test_a_disk_that_is_not_mounted_loses_nothing_though_bytes_were_brought_meanwhile() -> None:
    digests = store_many(DRAWN + 10)
    mounted = unmount()
    for number in range(5):
        store_bytes(f"brought to the folder beneath {number}".encode())
    for sha256 in digests[:3]:
        with pytest.raises(ObjectStoreUnavailableError, match="mounted"):
            check_object(sha256)
    with pytest.raises(CommandError, match=r"does not answer.*mounted"):
        call_command("verify", "--all")
    assert list_missing() == []
    root = locate(digests[0]).parents[2]
    shutil.rmtree(root)
    mounted.rename(root)
    assert check_object(digests[0]) == ""


def test_the_store_of_another_installation_is_none_of_ours() -> None:
    digests = store_many(5)
    unmount()
    open_whole_store().write_mark("of another one")
    with pytest.raises(ObjectStoreUnavailableError, match="bucket"):
        check_object(digests[0])
    assert list_missing() == []


def test_a_store_from_before_gets_its_mark_while_it_holds_most(tmp_path: Path) -> None:
    digests = store_many(DRAWN * 2)
    forget_mark()
    lose(digests[:5])
    start_fixity_round()
    mark = open_whole_store().read_mark()
    assert AuditEvent.objects.filter(action=ACTION, detail__mark=mark).exists()
    lose(digests[5:])
    assert check_object(digests[0]) == "It is missing."
    assert events(ACTION, "object store") == 2, "the store is known again, not marked again"


@pytest.mark.parametrize(("left", "is_own"), [(3, True), (2, True), (1, False), (0, False)])
def test_without_a_mark_most_of_what_is_drawn_has_to_be_there(left: int, is_own: bool) -> None:
    digests = store_many(4)
    forget_mark()
    lose(digests[left:])
    if is_own:
        require_own_store()
    else:
        with pytest.raises(ObjectStoreUnavailableError, match=f"{left} of 4"):
            require_own_store()


def test_objects_are_drawn_from_all() -> None:
    digests = store_many(DRAWN * 4)
    seen = {sha256 for _ in range(30) for sha256 in draw_objects()}
    assert len(seen) > len(digests) * 3 // 4
    assert set(draw_objects()) <= set(digests)


def test_the_operator_says_that_all_is_lost_for_good() -> None:
    digests = store_many(4)
    forget_mark()
    lose(digests)
    with pytest.raises(CommandError, match="does not answer"):
        call_command("verify", "--all")
    with pytest.raises(SystemExit):
        call_command("verify", "--all", "--mark-store", stdout=StringIO())
    assert list_missing() == digests


@pytest.mark.django_db(transaction=True)
def test_an_object_that_the_store_refuses_keeps_nobody_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digests = store_many(3)
    age(*digests)
    refused = locate(digests[0])

    def read(store: Any, digest: str, start: int = 0, stop: int | None = None) -> Any:
        if digest == refused.name:
            raise ObjectStoreUnavailableError("access denied")
        return original(store, digest, start, stop)

    original = type(open_whole_store()).open_range
    monkeypatch.setattr(type(open_whole_store()), "open_range", read)
    with pytest.raises(ObjectUnreadableError):
        check_object(refused.name)
    start_fixity_round()
    run_job(str(Job.objects.get(kind=KIND).pk))
    assert Job.objects.get(kind=KIND).state == "done"
    assert [sha256 for sha256, _ in list_due(most=9)] == [refused.name]
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", "--all", "--json", stdout=output)
    told = json.loads(output.getvalue())
    assert (told["checked"], [item["sha256"] for item in told["unread"]]) == (2, [refused.name])
    start_fixity_round()
    run_job(str(Job.objects.get(kind=KIND, state="queued").pk))
    assert Job.objects.filter(kind=KIND, state="queued").exists(), "nothing could be read: it is tried again"
    assert row(refused.name).damaged_at is None


def test_marking_is_recorded() -> None:
    mark_store()
    assert (
        AuditEvent.objects.filter(action=ACTION).latest("pk").detail["mark"] == open_whole_store().read_mark()
    )
