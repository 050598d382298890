"""Names of files as they come from Windows, from macOS and from people who mean no good."""

import unicodedata

import pytest

from tests.integration.bytes.raw_tus import RawTus


@pytest.mark.parametrize(
    "path",
    [
        "../outside.bin",
        "a/../../outside.bin",
        "a/..",
        "..",
        "/etc/passwd",
        "C:\\data\\scan.raw",
        "\\\\server\\share\\scan.raw",
        "..\\outside.bin",
        "a\0b.bin",
        "a\nb.bin",
        "",
        "   ",
        ".",
        "n" * 300,
        "ä" * 200,
        "/".join(["d" * 200] * 6),
    ],
)
def test_impossible_name_is_refused_with_its_reason(tus: RawTus, deposit: str, path: str) -> None:
    answer = tus.create(10, deposit=deposit, path=path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_path")
    assert answer.json()["detail"]
    assert answer.json()["hint"]
    assert tus.http.get(f"/api/v1/deposits/{deposit}/").json()["files"] == []


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("folder\\scan.raw", "folder/scan.raw"),
        ("./folder//scan.raw", "folder/scan.raw"),
        (unicodedata.normalize("NFD", "Übung/Ångström.raw"), "Übung/Ångström.raw"),
        ("日本語/走査.raw", "日本語/走査.raw"),
        ("with space & 100% #1?.raw", "with space & 100% #1?.raw"),
        ("-rf", "-rf"),
        ("n" * 255, "n" * 255),
        ("<script>alert(1)</script>.html", "<script>alert(1)<|script>.html".replace("|", "/")),
    ],
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
