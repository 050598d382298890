"""Names that no deposit can hold: all of them told before the first request, or sent under others when asked to."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemma.commands.program import run
from stemma.depositing.local_files import plan_sent_names, select_files
from stemma.errors import UsageError
from stemma.file_names import find_name_fault, list_clashes
from tests.unit.client.fake_server import FakeServer, Upload, refuse

BAD = ["back\\slash.txt", "12:30:05.dm4", "CON", "dots...", "zero\u200bwidth", "line\u2028end", '"><img']
GOOD = ["plain.txt", "Übung #1 (100%)+µ.dm4"]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    (folder / "day:1").mkdir(parents=True)
    for name in [*BAD, *GOOD, "day:1/a.raw", "day:1/b.raw"]:
        (folder / name).write_text(name)
    return folder


def _run(
    capsys: pytest.CaptureFixture[str], server: FakeServer, *words: str
) -> tuple[int, dict[str, Any], str]:
    code = run([*words, "--json"], transport=server)
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.parametrize("command", ["deposit", "validate"])
def test_all_bad_names_are_told_before_anything_is_asked_of_the_server(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (session / "hidden" / "x").parent.mkdir()
    (session / ".DS_Store").write_text("x")
    code, problem, messages = _run(capsys, logged_in, command, str(session))
    assert (code, problem["code"]) == (2, "bad_name")
    assert logged_in.requests == []
    refused = {one["path"]: one for one in problem["refused"]}
    assert set(refused) == {*BAD, "day:1/a.raw", "day:1/b.raw"}
    assert refused["back\\slash.txt"]["rule"] == "reserved"
    assert refused["CON"]["saved_as"] == "_CON"
    assert all(one["reason"] and find_name_fault(one["saved_as"]) is None for one in refused.values())
    assert [one["path"] for one in problem["left_out"]] == [".DS_Store"]
    assert "9 files have names that no deposit can hold; nothing was sent." in messages
    assert "12_30_05.dm4 would do" in messages
    assert "--rename" in messages
    assert "zero\\u200bwidth holds a character of no width" in messages, "what nobody sees is shown"


def test_they_are_sent_under_the_names_that_were_told(
    logged_in: FakeServer, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, problem, _ = _run(capsys, logged_in, "deposit", str(session))
    told = {one["path"]: one["saved_as"] for one in problem["refused"]}
    code, printed, messages = _run(capsys, logged_in, "deposit", str(session), "--rename")
    assert code == 0
    assert {one["path"]: one["saved_as"] for one in printed["renamed"]} == told
    arrived = {name: content.decode() for (_, name), content in logged_in.contents.items()}
    assert arrived == {told.get(name, name): name for name in [*BAD, *GOOD, "day:1/a.raw", "day:1/b.raw"]}
    assert "12:30:05.dm4 is sent as 12_30_05.dm4" in messages
    received = logged_in.bytes_received
    _, again, _ = _run(capsys, logged_in, "deposit", str(session), "--rename")
    assert (again["id"], again["renamed"], logged_in.bytes_received) == (
        printed["id"],
        printed["renamed"],
        received,
    )


def test_a_name_taken_from_a_good_file_is_not_given_away(tmp_path: Path) -> None:
    for name in ("a:b", "a_b", "a|b"):
        (tmp_path / name).write_text(name)
    selection = select_files([tmp_path], rename=True)
    sent = {file.name: file.location.name for file in selection.files}
    assert sent["a_b"] == "a_b"
    assert len(sent) == 3


def test_a_file_and_a_folder_of_one_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/x").write_text("file")
    (tmp_path / "two/x").mkdir(parents=True)
    (tmp_path / "two/x/y").write_text("inside")
    names = {file.name for file in select_files([tmp_path / "one", tmp_path / "two"]).files}
    assert names == {"one/x", "two/x/y"}, "their folders tell them apart"


def test_half_downloads_are_said_and_sent(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s").mkdir()
    for name in ("a.dm4", "b.dm4.crdownload"):
        (tmp_path / "s" / name).write_text("x")
    code, _, messages = _run(capsys, logged_in, "deposit", str(tmp_path / "s"))
    assert (code, {name for _, name in logged_in.contents}) == (0, {"a.dm4", "b.dm4.crdownload"})
    assert "b.dm4.crdownload looks like an unfinished download" in messages


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.raw")).write_bytes(b"x")
    with pytest.raises(UsageError) as caught:
        select_files([tmp_path])
    (refused,) = caught.value.more["refused"]
    assert (refused["rule"], refused["path"]) == ("not_text", "bad\\xff.raw")


def test_what_the_server_runs_already_is_told_and_not_ended(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scan.raw").write_text("mine")
    promised: list[str] = []

    def busy(request: Any) -> Any:
        promised.append(request.headers["Upload-Metadata"])
        response = refuse(
            409, "upload_running", "scan.raw is being uploaded already.", upload="somebody-elses"
        )
        response.request = request
        return response

    logged_in.extra["/api/v1/uploads/"] = busy
    code, problem, _ = _run(capsys, logged_in, "deposit", str(tmp_path / "scan.raw"))
    assert (code, problem["code"], len(promised)) == (4, "upload_running", 1)


def test_an_upload_that_was_begun_here_gives_way_to_the_changed_file(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in.refuses_other_promises = True
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", "0")
    scan = tmp_path / "scan.raw"
    scan.write_bytes(bytes(3_000_000))
    logged_in.cut_after, logged_in.cuts_left = 1_000_000, 1
    assert _run(capsys, logged_in, "deposit", str(scan))[0] == 4
    scan.write_bytes(b"\x01" * 2_000_000)
    code, printed, _ = _run(capsys, logged_in, "deposit", str(scan))
    assert (code, logged_in.contents[printed["id"], "scan.raw"]) == (0, b"\x01" * 2_000_000)
    assert logged_in.uploads == {}


PARTS = st.sampled_from(["a", "b", "..", "", "con", "x ", "x.", "\\", "a_", "é" * 140, "\x01", "\u200b", "x"])
NAMES = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), min_size=1, max_size=10)


@given(names=NAMES)
def test_sent_names_keep_the_rule_and_are_apart(names: list[str]) -> None:
    found = [(Path(f"/here/{number}"), name) for number, name in enumerate(names)]
    planned = plan_sent_names(found)
    sent = [one.name.saved_as for one in planned]
    assert {one.location for one in planned} == {location for location, _ in found}
    assert len(set(sent)) == len(found)
    assert all(find_name_fault(name) is None for name in sent)
    assert list_clashes(sent) == []
    assert all(one.name.is_renamed == (one.rule != "") for one in planned)


def test_an_upload_of_somebody_else_into_the_deposit_is_not_ended(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scan.raw").write_text("mine")
    _, printed, _ = _run(capsys, logged_in, "deposit", str(tmp_path / "scan.raw"))
    logged_in.uploads["theirs"] = Upload(printed["id"], "their.raw", "0" * 64, 10)
    (tmp_path / "scan.raw").write_text("mine, changed")
    code, problem, _ = _run(capsys, logged_in, "deposit", str(tmp_path / "scan.raw"))
    assert (code, problem["code"]) == (4, "state_conflict")
    assert "theirs" in logged_in.uploads
