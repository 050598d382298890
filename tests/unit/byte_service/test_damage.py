"""What the byte routes do before they answer; the database is what the test says."""

import asyncio
import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from django.db import OperationalError
from starlette.requests import Request
from starlette.responses import Response

from api.byte_service import damage, downloads
from api.byte_service.damage import KnownDamage, refuse
from project.environment import CHECKOUT
from repository.errors import DamagedError
from repository.selectors.byte_objects import ByteObject

CONTENT = b"counts of a detector"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def stored(tmp_path: Path, settings: Any) -> Path:
    settings.STEMMA_HOME = tmp_path
    settings.OBJECT_STORE = None
    path = tmp_path / "objects" / "sha256" / DIGEST[:2] / DIGEST
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    digests: list[str] = []

    async def note(sha256: str, _: Exception) -> None:
        digests.append(sha256)

    monkeypatch.setattr(damage, "report", note)
    return digests


def answer(method: str = "GET", **headers_sent: str) -> Response:
    sent = [(name.encode(), value.encode()) for name, value in headers_sent.items()]
    request = Request({"type": "http", "method": method, "headers": sent, "path": "/", "query_string": b""})
    item = ByteObject(DIGEST, len(CONTENT), "application/octet-stream", "scan.raw", is_public=True)
    headers = downloads.build_headers(item, f'"{DIGEST}"', is_inline=False)
    return asyncio.run(downloads._answer(request, item, headers, "sub/scan.raw"))


def follow_proxy(address: str, home: Path) -> Path:
    """Return the file that nginx sends for an internal address, with this home in place of the container's."""
    configuration = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (alias,) = re.findall(r"location /internal-objects/ \{[^}]*alias (\S+);", configuration)
    assert address.startswith("/internal-objects/")
    inside = PurePosixPath(alias).relative_to("/var/lib/stemma") / address.removeprefix("/internal-objects/")
    return home / inside


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_proxy_is_sent_to_no_file_that_is_gone_or_cut_off(
    stored: Path, reported: list[str], settings: Any, method: str
) -> None:
    settings.ACCEL_REDIRECT = True
    assert follow_proxy(answer(method).headers["X-Accel-Redirect"], settings.STEMMA_HOME) == stored
    stored.write_bytes(CONTENT[:5])
    with pytest.raises(DamagedError, match=r"sub/scan\.raw"):
        answer(method)
    stored.unlink()
    with pytest.raises(DamagedError):
        answer(method)
    assert reported == [DIGEST, DIGEST]


def test_a_small_file_is_looked_at_before_anything_is_answered(stored: Path, reported: list[str]) -> None:
    assert answer().status_code == 200
    stored.write_bytes(CONTENT[:-1] + b"R")
    with pytest.raises(DamagedError):
        answer()
    assert reported == [DIGEST]


def test_many_damaged_files_are_counted_and_some_named() -> None:
    assert refuse(["a"]).message == "What is stored of a is damaged, and is not given out."
    told = refuse([f"file {number}" for number in range(8)]).message
    assert "file 4 and 3 more are damaged" in told
    assert "file 5" not in told


def test_what_was_known_last_counts_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownDamage()
    answers: list[Any] = [frozenset({DIGEST}), OperationalError("away"), frozenset()]
    asked = 0

    async def ask(_: object) -> frozenset[str]:
        nonlocal asked
        asked += 1
        told = answers.pop(0)
        if isinstance(told, Exception):
            raise told
        return frozenset(told)

    monkeypatch.setattr(damage, "in_database", ask)
    monkeypatch.setattr(damage, "LIFETIME_S", 3600.0)  # however slow the machine is

    async def follow() -> None:
        for expected in (frozenset({DIGEST}), frozenset({DIGEST}), frozenset()):
            assert await known.ask() == expected
            assert await known.ask() == expected, "asked once a second"
            known.forget()

    asyncio.run(follow())
    assert asked == 3


def test_a_range_beyond_the_file_is_refused_and_told_the_size(stored: Path) -> None:
    refused = answer(range="bytes=20-")
    told = json.loads(bytes(refused.body))
    assert (refused.status_code, told["status"], told["code"]) == (416, 416, "range_not_satisfiable")
    assert refused.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert f"{len(CONTENT)} bytes" in told["detail"]
    assert "bytes=20-" in told["detail"]
    assert refused.headers["ETag"] == f'"{DIGEST}"'
