"""What of a folder is not sent stands in the object, on stderr and in the exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from stemma.commands.program import run
from tests.unit.client.fake_server import FakeServer

ERROR = {"severity": "error", "code": "odd", "pointer": "", "message": "Odd.", "hint": ""}


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "data.csv").write_text("x,y\n1,2\n")
    (tmp_path / "outside_target.txt").write_text("not part of the session\n")
    (folder / "outside.txt").symlink_to("../outside_target.txt")
    (folder / "broken.txt").symlink_to("nowhere")
    return folder


def _run(
    capsys: pytest.CaptureFixture[str], server: FakeServer, *arguments: str
) -> tuple[int, dict[str, Any], str]:
    code = run([*arguments, "--json"], transport=server)
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.parametrize("command", ["deposit", "validate"])
def test_links_that_leave_or_lead_nowhere_are_left_out_and_said(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    code, printed, messages = _run(capsys, logged_in, command, str(session))
    assert code == 5
    assert printed["state"] == "ready"
    assert {path for _, path in logged_in.contents} == {"data.csv"}
    assert {one["path"]: one["reason"].split(" (")[0] for one in printed["left_out"]} == {
        "broken.txt": "a link to nothing",
        "outside.txt": "a link that leaves the folder",
    }
    assert f"Left out {session / 'broken.txt'}: a link to nothing." in messages


def test_links_are_followed_where_that_is_asked_for(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed, _ = _run(capsys, logged_in, "deposit", str(session), "--follow-links")
    assert logged_in.contents["dep0-abc0", "outside.txt"] == b"not part of the session\n"
    assert (code, [one["path"] for one in printed["left_out"]]) == (5, ["broken.txt"])


def test_what_systems_leave_behind_is_listed_and_missed_by_nobody(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data.csv", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "home").rename(tmp_path / ".git")
    code, printed, _ = _run(capsys, logged_in, "deposit", str(tmp_path))
    assert code == 0
    assert {one["path"] for one in printed["left_out"]} == {".DS_Store", "Thumbs.db", ".git"}
    (tmp_path / "data.csv").touch()
    code, printed, _ = _run(capsys, logged_in, "deposit", str(tmp_path / "data.csv"), "--new")
    assert (code, printed["left_out"]) == (0, [])


def test_errors_matter_more_than_what_was_left_out(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.findings = [ERROR]
    code, printed, _ = _run(capsys, logged_in, "deposit", str(session), "--publish")
    assert (code, len(printed["left_out"])) == (3, 2)


def test_a_deposit_that_failed_tells_it_too(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", "0")
    for command in ("deposit", "validate"):
        logged_in.full_for = 10**6
        code, problem, _ = _run(capsys, logged_in, command, str(session))
        assert (code, problem["code"], len(problem["left_out"])) == (4, "disk_full", 2)
    (session / "data.csv").unlink()
    code, problem, _ = _run(capsys, logged_in, "deposit", str(session))
    assert (code, problem["code"], len(problem["left_out"])) == (2, "no_files", 2)


def test_people_read_it_at_the_end(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deposit", str(session)], transport=logged_in) == 5
    assert "Left out (2)\n  broken.txt: a link to nothing" in capsys.readouterr().out
