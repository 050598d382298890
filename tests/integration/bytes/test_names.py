"""Names of files as they come from Windows, from macOS and from people who mean no good."""

import json
import unicodedata
from pathlib import Path

import httpx
import pytest

from tests.integration.bytes.raw_tus import RawTus

VECTORS = json.loads(Path(__file__).parents[2].joinpath("file_name_vectors.json").read_text("utf-8"))
# What cannot be said in UTF-8 never arrives.
REFUSED = [
    (path, suggestion) for path, _, suggestion in VECTORS["refused"] if path.isascii() or path.isprintable()
]


@pytest.mark.parametrize(("path", "suggestion"), REFUSED, ids=ascii)
def test_impossible_name_is_refused_before_the_first_byte(
    tus: RawTus, deposit: str, path: str, suggestion: str | None
) -> None:
    answer = tus.create(10, deposit=deposit, path=path)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, "invalid_path", "/path")
    assert problem["detail"]
    assert "Names hold letters of all alphabets" in problem["hint"]
    if suggestion and "/" not in suggestion and len(suggestion) < 60:
        assert suggestion in problem["hint"]
    assert tus.http.get(f"/api/v1/deposits/{deposit}/").json()["files"] == []


def test_rule_is_served_as_data(stranger: httpx.Client) -> None:
    rule = stranger.get("/api/v1/schemas/file-names.json").json()
    assert rule["reserved"] == '\\<>:"|?*'
    assert {"con", "nul"} <= set(rule["devices"])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (unicodedata.normalize("NFD", "Übung/Ångström.raw"), "Übung/Ångström.raw"),
        *((path, path) for path in VECTORS["accepted"] if unicodedata.is_normalized("NFC", path)),
    ],
    ids=ascii,
)
def test_odd_name_is_kept_and_found_again(tus: RawTus, deposit: str, sent: str, stored: str) -> None:
    tus.store(deposit, sent, b"bytes of " + stored.encode())
    file = tus.file(deposit, stored)
    assert file["state"] == "stored"
    answer = tus.http.get(file["url"])
    assert (answer.status_code, answer.content) == (200, b"bytes of " + stored.encode())
    again = tus.create(file["size"], deposit=deposit, path=sent, sha256=file["sha256"])
    assert again.headers["Stemma-Already-Stored"] == "true"


def test_case_twins_are_both_kept(tus: RawTus, deposit: str) -> None:
    tus.store(deposit, "Scan.bin", b"one")
    tus.store(deposit, "scan.bin", b"two")
    contents = {
        path: tus.http.get(f"/api/v1/deposits/{deposit}/files/{path}").content
        for path in ("Scan.bin", "scan.bin")
    }
    assert contents == {"Scan.bin": b"one", "scan.bin": b"two"}


@pytest.mark.parametrize(("first", "second"), [("x", "x/y"), ("x/y", "x"), ("a/b/c", "a/b")])
def test_a_file_is_no_folder(tus: RawTus, deposit: str, first: str, second: str) -> None:
    tus.store(deposit, first, b"first")
    answer = tus.create(6, deposit=deposit, path=second)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (409, "path_clash", "/path")
    assert first in problem["detail"]
    assert [file["path"] for file in tus.http.get(f"/api/v1/deposits/{deposit}/").json()["files"]] == [first]
