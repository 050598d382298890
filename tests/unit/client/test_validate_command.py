"""`stemma validate`: only checked, nothing converted, and no draft stays, however the command ends."""

import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from stemma.commands.program import run
from stemma.connection import Connection
from stemma.depositing.checking import CheckDraft
from stemma.depositing.drafts import Drafts
from stemma.depositing.session import publish_deposit
from stemma.progress import Progress
from tests.unit.client.fake_server import FakeServer


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.raw"
    path.write_bytes(bytes(range(256)) * 100)
    return path


def _checks(home: Path) -> list[Path]:
    return list(home.rglob("checks/*.json"))


def test_validate_asks_for_opening_only(logged_in: FakeServer, scan: Path) -> None:
    asked: list[str] = []
    kept = logged_in._act

    def watch(parts: list[str], request: httpx.Request, record: dict[str, object]) -> httpx.Response:
        answer = kept(parts, request, record)
        asked.append(f"{parts[0]} {request.content.decode()}")
        return answer

    logged_in._act = watch  # type: ignore[method-assign]
    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert [json.loads(one.partition(" ")[2]) for one in asked if one.startswith("submit")] == [
        {"until": "opened"}
    ]
    assert not logged_in.deposits


def test_an_interrupted_validate_removes_its_draft(logged_in: FakeServer, scan: Path, own_home: Path) -> None:
    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    logged_in.extra["/api/v1/deposits/dep0-abc0/submit/"] = interrupt
    assert run(["validate", str(scan)], transport=logged_in) == 130
    assert not logged_in.deposits
    assert not _checks(own_home)


def _leave_behind(connection: Connection) -> str:
    """Do what a killed `validate` leaves: a draft on the server, and its note here."""
    note = CheckDraft.begin(connection.url)
    record = Drafts(connection).create(title=note.mark, document=None)
    note.note(record["id"])
    note.end(is_removed=False)
    return str(record["id"])


def test_the_next_validate_removes_what_a_killed_one_left(
    logged_in: FakeServer, connection: Connection, scan: Path, tmp_path: Path, own_home: Path
) -> None:
    _leave_behind(connection)
    assert len(logged_in.deposits) == len(_checks(own_home)) == 1
    other = tmp_path / "other.raw"
    other.write_bytes(b"other paths clean up, too")
    assert run(["validate", str(other)], transport=logged_in) == 0
    assert not logged_in.deposits
    assert not _checks(own_home)


def test_a_running_check_and_a_draft_that_was_taken_over_are_left_alone(
    logged_in: FakeServer, connection: Connection, scan: Path, own_home: Path
) -> None:
    held = CheckDraft.begin(connection.url)
    running = Drafts(connection).create(title=held.mark, document=None)["id"]
    held.note(running)
    taken = _leave_behind(connection)
    logged_in.deposits[taken] |= {"state": "ready", "read_until": "converted"}

    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert set(logged_in.deposits) == {running, taken}
    held.end(is_removed=False)
    assert [json.loads(path.read_text().splitlines()[-1])["deposit"] for path in _checks(own_home)] == [
        running
    ]


def test_a_draft_that_cannot_be_removed_now_is_removed_by_the_next_check(
    logged_in: FakeServer, scan: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = logged_in._one

    def refuse_deletion(
        request: httpx.Request, record: dict[str, object], *, status: int = 200
    ) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(409, json={"code": "deposit_busy", "detail": "Busy.", "status": 409})
        return kept(request, record, status=status)

    logged_in._one = refuse_deletion  # type: ignore[method-assign]
    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert "could not be removed" in capsys.readouterr().err
    assert len(_checks(own_home)) == 1
    logged_in._one = kept  # type: ignore[method-assign]
    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert not logged_in.deposits
    assert not _checks(own_home)


@pytest.mark.parametrize("moment", ["before", "in"])
def test_a_check_that_is_killed_before_it_learned_the_id_leaves_nothing(
    logged_in: FakeServer, scan: Path, own_home: Path, moment: str
) -> None:
    """The server made the draft; the answer never came, or nobody lived to note it."""
    kept = logged_in._create

    def kill(request: httpx.Request) -> httpx.Response:
        if moment == "in":
            kept(request)
        raise SystemExit(9)

    logged_in._create = kill  # type: ignore[method-assign]
    removed = logged_in._list
    logged_in._list = lambda: httpx.Response(503)  # type: ignore[method-assign]  # a killed process asks nothing
    with pytest.raises(SystemExit):
        run(["validate", str(scan)], transport=logged_in)
    assert len(logged_in.deposits) == (moment == "in")
    assert len(_checks(own_home)) == 1
    logged_in._create, logged_in._list = kept, removed  # type: ignore[method-assign]
    for _ in range(2):
        assert run(["validate", str(scan)], transport=logged_in) == 0
        assert not logged_in.deposits
    # What was never made is looked for for a day: the request may still be on its way.
    assert len(_checks(own_home)) == (moment == "before")
    for note in _checks(own_home):
        os.utime(note, (0, 0))
    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert not _checks(own_home)


@pytest.mark.parametrize("merges", [False, True])
def test_the_mark_is_gone_before_anything_is_checked(logged_in: FakeServer, scan: Path, merges: bool) -> None:
    """Whether the server replaces the description or merges into it, a missing title is found missing."""
    kept = logged_in._one
    seen: list[object] = []

    def describe(request: httpx.Request, record: dict[str, object], *, status: int = 200) -> httpx.Response:
        if request.method == "PATCH":
            dataset = json.loads(request.content)["metadata"].get("dataset", {})
            if not merges or "title" in dataset:
                record["title"] = dataset.get("title")
        if request.method == "DELETE":
            seen.append(record["title"])
        return kept(request, record, status=status)

    logged_in._one = describe  # type: ignore[method-assign]
    assert run(["validate", str(scan)], transport=logged_in) == 0
    assert run(["validate", str(scan), "--title", "Mine"], transport=logged_in) == 0
    assert seen == [None, "Mine"]


def test_publishing_a_checked_deposit_has_it_converted_first(
    logged_in: FakeServer, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    drafts = Drafts(connection)
    record = drafts.create(title=None, document=None)
    stored = logged_in.deposits[record["id"]]
    stored |= {"state": "ready", "read_until": "opened", "measurements": [{"state": "opened", "id": "m"}]}
    outcome = publish_deposit(drafts, record["id"], [], Progress(sys.stderr))
    assert outcome.record["state"] == "published"
    assert stored["read_until"] == "converted"
    assert logged_in.count("POST", "submit/") == 1
