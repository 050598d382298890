"""Uploads on a real file system of 64 MB, through the byte routes, down to its last byte."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from django.db import connections
from starlette.applications import Starlette

from api.byte_service.routes import build_byte_routes, list_byte_routes
from repository.models import DataFile, User
from repository.services.disk import read_free_bytes
from tests.api.conftest import make_token
from tests.factories import make_deposit, make_user
from tests.integration.bytes.raw_tus import CHUNK, UPLOADS, VERSION, encode_metadata
from tests.integration.disk.mounting import mounted, read_only

pytestmark = pytest.mark.django_db(transaction=True)

MB = 10**6
RESERVE = 16 * MB
PIECE = 65_536
CONTENT = np.random.default_rng(3).bytes(30 * MB)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Give STEMMA_HOME a file system of its own."""
    (tmp_path / "disk").mkdir()
    with mounted(tmp_path / "disk", 64 * 2**20) as folder:
        settings.STEMMA_HOME = folder
        settings.DISK_RESERVE_BYTES = RESERVE
        yield folder


@pytest.fixture
def owner() -> User:
    return make_user()


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """Yield the body as a network delivers it."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


class Door:
    """The byte routes in this process, as a client of one account meets them."""

    def __init__(self, owner: User) -> None:
        self.headers = {"Authorization": f"Token {make_token(owner)}", **VERSION}
        self.deposit = make_deposit(owner).pk

    def ask(
        self, method: str, address: str, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Response:
        return asyncio.run(self._ask(method, address, content, headers or {}))

    async def _ask(
        self, method: str, address: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=build_byte_routes(list_byte_routes())))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            length = {"Content-Length": str(len(content))}
            return await client.request(
                method, address, content=_in_pieces(content), headers={**self.headers, **headers, **length}
            )

    def create(self, size: int, path: str = "scan.raw", **metadata: str) -> httpx.Response:
        words = encode_metadata(deposit=self.deposit, path=path, **metadata)
        return self.ask("POST", UPLOADS, {"Upload-Length": str(size), "Upload-Metadata": words})

    def patch(self, address: str, offset: int, content: bytes) -> httpx.Response:
        return self.ask("PATCH", address, {**CHUNK, "Upload-Offset": str(offset)}, content)

    def offset(self, address: str) -> int:
        return int(self.ask("HEAD", address).headers["Upload-Offset"])


@pytest.fixture
def door(home: Path, owner: User, monkeypatch: pytest.MonkeyPatch) -> Door:
    # The threads of a request end with it here; a connection that is kept would outlive the test database.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    return Door(owner)


def fill(home: Path, *, leave: int) -> Path:
    ballast = home / "ballast"
    ballast.write_bytes(bytes(max(0, read_free_bytes(home) - leave)))
    if not leave:
        with suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    return ballast


def check_problem(answer: httpx.Response, status: int, code: str) -> str:
    """Return what is said to the person, after looking at what every such answer has."""
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert int(answer.headers["Retry-After"]) > 0
    assert "Nothing that arrived is lost" in problem["hint"]
    assert "database" not in problem["detail"]
    return str(problem["detail"])


def test_a_promise_beyond_the_room_is_refused(door: Door) -> None:
    said = check_problem(door.create(2000 * MB), 507, "disk_full")
    assert "2.0 GB are needed, " in said
    assert not DataFile.objects.exists()


def test_an_upload_stops_at_the_reserve_and_goes_on_when_there_is_room(door: Door, home: Path) -> None:
    address = door.create(len(CONTENT), sha256=DIGEST).headers["Location"]
    ballast = fill(home, leave=RESERVE + 12 * MB)
    answer = door.patch(address, 0, CONTENT)
    assert "of 30000000 bytes of scan.raw have arrived" in check_problem(answer, 507, "disk_full")
    kept = door.offset(address)
    assert int(answer.headers["Upload-Offset"]) == kept
    assert 10 * MB < kept <= 12 * MB
    assert read_free_bytes(home) >= RESERVE, "the reserve was not touched"
    check_problem(door.patch(address, kept, CONTENT[kept:]), 507, "disk_full")
    assert door.offset(address) == kept
    ballast.unlink()
    assert door.patch(address, kept, CONTENT[kept:]).status_code == 204
    stored = DataFile.objects.get()
    assert (stored.state, stored.sha256) == ("stored", DIGEST)


def test_a_disk_without_a_byte_left_is_called_by_its_name(door: Door, home: Path, settings: Any) -> None:
    settings.DISK_RESERVE_BYTES = 0  # so that the kernel refuses, not we
    address = door.create(len(CONTENT), sha256=DIGEST).headers["Location"]
    ballast = fill(home, leave=3 * MB)
    check_problem(door.patch(address, 0, CONTENT), 507, "disk_full")
    kept = door.offset(address)
    assert 2 * MB < kept <= 3 * MB + 4096
    fill(home, leave=0)
    check_problem(door.patch(address, kept, CONTENT[kept:]), 507, "disk_full")
    kept = door.offset(address)
    ballast.unlink()
    assert door.patch(address, kept, CONTENT[kept:]).status_code == 204
    assert DataFile.objects.get().sha256 == DIGEST


@pytest.mark.parametrize("folder", ["uploads", "objects", "."])
def test_a_read_only_folder_is_named_and_nothing_is_lost(door: Door, home: Path, folder: str) -> None:
    (home / "objects").mkdir()
    address = door.create(len(CONTENT), sha256=DIGEST).headers["Location"]
    assert door.patch(address, 0, CONTENT[: 5 * MB]).status_code == 204
    with read_only(home / folder):
        said = check_problem(door.patch(address, 5 * MB, CONTENT[5 * MB :]), 503, "disk_unwritable")
        assert "cannot be written to" in said
        assert str(home) not in said
        if folder != "objects":
            check_problem(door.create(5, path="other.raw"), 503, "disk_unwritable")
            assert door.offset(address) == 5 * MB
    # The last byte may have arrived before the store refused: asking for the offset then completes the upload.
    kept = door.offset(address)
    if kept < len(CONTENT):
        assert door.patch(address, kept, CONTENT[kept:]).status_code == 204
    stored = DataFile.objects.get(path="scan.raw")
    assert (stored.state, stored.sha256) == ("stored", DIGEST)
