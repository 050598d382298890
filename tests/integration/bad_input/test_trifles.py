"""What blocks nobody: a half download, an empty note, an empty data file beside good ones."""

from pathlib import Path

import httpx

from tests.client.conftest import Shell, accept_warnings
from tests.client.experiments import write_experiment


def test_trifles_beside_a_good_file_are_published_once_acknowledged(
    bad_shell: Shell, tmp_path: Path, http: httpx.Client
) -> None:
    experiment = write_experiment(tmp_path / "session", scan_shape=(3, 4), title="With trifles")
    # As a DM4 file begins: read for what is in it, it would be a damaged one.
    (experiment.folder / "more.dm4.crdownload").write_bytes(
        bytes.fromhex("0000000400000000000005dc00000001") + bytes(500)
    )
    (experiment.folder / "notes.txt").touch()
    (experiment.folder / "lost.dm4").touch()
    drafted = bad_shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata, code=5)
    found = {
        file["path"]: [(one["severity"], one["code"]) for one in file["findings"]]
        for file in drafted["files"]
    }
    assert [one["path"] for one in drafted["left_out"]] == ["more.dm4.crdownload"]
    assert found["notes.txt"] == [("info", "file_empty")]
    assert found["lost.dm4"] == [("warning", "file_empty")]
    assert not [one for one in drafted["findings"] if one["severity"] == "error"]
    refused = bad_shell.run_json("publish", drafted["id"], code=3)
    named = {place["path"] for one in refused["findings"] for place in one.get("where", ())}
    assert "lost.dm4" in named
    published = bad_shell.run_json("publish", drafted["id"], *accept_warnings(drafted))
    assert published["state"] == "published"
    dataset = http.get(f"/api/v1/datasets/{published['id']}/").json()
    assert {"notes.txt", "lost.dm4"} <= {file["path"] for file in dataset["files"]}


def test_an_empty_note_needs_no_word(bad_shell: Shell, tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path / "session", scan_shape=(3, 4), title="With an empty note")
    (experiment.folder / "notes.txt").touch()
    drafted = bad_shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    assert "file_empty" not in accept_warnings(drafted)
