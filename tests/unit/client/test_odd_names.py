"""Downloads of names that a system cannot hold, or that were made to harm: renamed, said, and the rest goes on."""

import errno
import hashlib
import json
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stemma
from stemma.commands.program import run
from stemma.local_names import plan_names
from tests.unit.client.fake_server import FakeServer, refuse, send_range

ODD = [
    '"><img src=x onerror=alert(1)>.txt',
    "CON",
    "aux.dm4",
    "dots...",
    "space ",
    "a/../../b",
    "../evil",
    "/etc/passwd",
    "back\\slash.txt",
    "c:\\x",
    "nul\x00byte",
    "line\u2028end",
    "zero\u200bwidth",
    "é" * 200 + ".dm4",
    "",
    "..",
    "x/./y",
    "\ud800",
    "esc\x1b[2J",
    "q?x=1#f",
]
GOOD = ["plain.raw", "sub/中文 (1).dm4", "z" * 250, ".zgroup"]


def _offer(server: FakeServer, paths: list[str], *, damaged: tuple[str, ...] = ()) -> None:
    files = []
    for path in paths:
        content = path.encode("utf-8", "surrogatepass") or b"empty"
        digest = hashlib.sha256(content).hexdigest()
        files.append({"path": path, "size": len(content), "sha256": digest})
        shown = content.decode("utf-8", "replace") if path else ""
        sent = b"x" * len(content) if path in damaged else content
        server.extra[f"/api/v1/datasets/dddd-0007/files/{shown}"] = partial(send_range, content=sent)
    record = {"id": "dddd-0007", "title": "", "files": files, "measurements": []}
    server.extra["/api/v1/datasets/dddd-0007/"] = lambda request: httpx.Response(
        200, content=json.dumps(record), headers={"Content-Type": "application/json"}, request=request
    )


def _get(
    capsys: pytest.CaptureFixture[str], server: FakeServer, folder: Path
) -> tuple[int, dict[str, Any], str]:
    code = run(["get", "dddd-0007", str(folder), "--json"], transport=server)
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def test_every_file_arrives_inside_the_folder_and_the_renamed_are_said(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _offer(logged_in, [*ODD, *GOOD])
    folder = tmp_path / "outer" / "out"
    code, printed, messages = _get(capsys, logged_in, folder)
    assert (code, printed["failed"]) == (0, [])
    assert {one["path"] for one in printed["renamed"]} == set(ODD)
    assert all(one["reason"] and one["saved_as"] != one["path"] for one in printed["renamed"])
    arrived = {path for path in (tmp_path / "outer").rglob("*") if path.is_file()}
    assert len(arrived) == len(ODD) + len(GOOD)
    assert all(path.is_relative_to(folder) for path in arrived)
    for file in printed["files"]:
        content = Path(file["location"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert (folder / "sub/中文 (1).dm4").exists()
    assert "CON is saved as _CON: the name of a device on some systems." in messages
    assert "\x1b" not in messages
    assert _get(capsys, logged_in, folder)[1] == printed, "a second run finds them under the same names"


def test_the_library_warns_and_goes_on(logged_in: FakeServer, tmp_path: Path) -> None:
    _offer(logged_in, ['"><img', "plain.raw"])
    with stemma.connect(logged_in.url, transport=logged_in) as client:
        with pytest.warns(stemma.RenamedFileWarning, match="___img"):
            client.open("dddd-0007").download(tmp_path / "out")
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["___img", "plain.raw"]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dataset = client.open("dddd-0007")
            plain = [file for file in dataset.files if file["path"] == "plain.raw"]
            dataset.download(tmp_path / "out", files=plain)


def test_a_file_that_cannot_be_had_does_not_stop_the_rest(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _offer(logged_in, ["a.raw", "b.raw", "c.raw", "d.raw"], damaged=("a.raw",))

    def quarantined(request: httpx.Request) -> httpx.Response:
        response = refuse(500, "damaged", "The stored bytes are damaged.")
        response.request = request
        return response

    logged_in.extra["/api/v1/datasets/dddd-0007/files/b.raw"] = quarantined
    code, printed, messages = _get(capsys, logged_in, tmp_path / "out")
    assert code == 4
    assert [file["path"] for file in printed["files"]] == ["c.raw", "d.raw"]
    assert {one["path"]: one["code"] for one in printed["failed"]} == {
        "a.raw": "digest_mismatch",
        "b.raw": "damaged",
    }
    assert "b.raw could not be downloaded: The stored bytes are damaged." in messages
    assert run(["get", "dddd-0007", str(tmp_path / "again")], transport=logged_in) == 4
    said = capsys.readouterr().out
    assert said.startswith("2 of 4 files could not be downloaded. 2 files, "), said
    assert "every" not in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["c.raw", "d.raw"]
    with (
        stemma.connect(logged_in.url, transport=logged_in) as client,
        pytest.raises(stemma.DamagedFileError) as caught,
    ):
        client.open("dddd-0007").download(tmp_path / "out")
    assert [one["path"] for one in caught.value.more["failed"]] == ["a.raw", "b.raw"]


def test_a_name_that_only_this_file_system_refuses_is_replaced(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(logged_in, ["über.dm4", "plain.raw"])
    kept = Path.open

    def hold_ascii_only(path: Path, *arguments: Any, **options: Any) -> Any:
        if not path.name.isascii():
            raise OSError(errno.EILSEQ, "Invalid or incomplete multibyte or wide character", str(path))
        return kept(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", hold_ascii_only)
    code, printed, _ = _get(capsys, logged_in, tmp_path / "out")
    assert (code, [one["path"] for one in printed["renamed"]]) == (0, ["über.dm4"])
    saved = printed["renamed"][0]["saved_as"]
    assert saved.startswith("file-")
    assert saved.endswith(".dm4")
    assert (tmp_path / "out" / saved).read_bytes() == "über.dm4".encode()
    assert _get(capsys, logged_in, tmp_path / "out")[1] == printed


def test_twins_are_told_apart_where_the_system_does_not(tmp_path: Path) -> None:
    paths = ["A/x.txt", "a/x.txt", "scan.raw", "Scan.raw", "Mü.dm4", "M\u0075\u0308.dm4"]
    apart = plan_names(paths, tmp_path, folds_case=False)
    assert not any(name.is_renamed for name in apart.values())
    folded = plan_names(paths, tmp_path, folds_case=True)
    assert len({name.saved_as.casefold() for name in folded.values()}) == len(paths)
    assert sum(name.is_renamed for name in folded.values()) == 3


def test_a_file_and_a_folder_of_one_name_both_find_room(tmp_path: Path) -> None:
    names = plan_names(["x", "x/y", "x/z"], tmp_path)
    assert names["x"].saved_as == "x"
    assert names["x/y"].saved_as.rpartition("/")[0] == names["x/z"].saved_as.rpartition("/")[0] != "x"
    assert names["x/z"].is_renamed


_PARTS = st.sampled_from(["a", "A", "..", ".", "", "con", "x ", "x.", "\\", "a_", "é" * 140, "\x00", "b"])
_PATHS = st.lists(st.lists(_PARTS, min_size=1, max_size=5).map("/".join), min_size=1, max_size=12)


@given(paths=_PATHS, folds_case=st.booleans())
def test_no_two_paths_meet_and_none_leaves(paths: list[str], folds_case: bool) -> None:
    folder = Path("/srv/data")
    names = plan_names(paths, folder, folds_case=folds_case)
    saved = [name.saved_as.casefold() if folds_case else name.saved_as for name in names.values()]
    assert len(set(saved)) == len(set(paths))
    heads = {"/".join(one.split("/")[:depth]) for one in saved for depth in range(1, one.count("/") + 1)}
    assert not heads & set(saved), "no file stands where a folder must be"
    for name in names.values():
        parts = name.saved_as.split("/")
        assert all(part not in {"", ".", ".."} and len(part.encode()) <= 255 for part in parts)
        assert (name.saved_as == name.path) != name.is_renamed
