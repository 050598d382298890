"""A whole Stemma, database included, on a disk of a gigabyte that the test fills and empties."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import LIVE_ENVIRONMENT
from tests.integration.bytes.raw_tus import RawTus
from tests.integration.disk.mounting import mounted
from tests.patience import patient
from tests.whole_stack import RunningStack, running_stack

MB = 10**6
RESERVE = 200 * MB
DISK = 1200 * MB  # a start asks for 500 MB, and the write-ahead log of a fresh database takes some


@dataclass(frozen=True)
class SmallDisk:
    """The running Stemma, an account on it, and the means to leave it a given room."""

    stack: RunningStack
    http: httpx.Client
    mount: Path

    @property
    def tus(self) -> RawTus:
        return RawTus(self.http)

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.mount).free

    @property
    def uploads(self) -> Path:
        return self.stack.home.root / "uploads"

    def leave(self, room: int) -> None:
        """Fill the disk until `room` bytes are left above the reserve; below zero it is the reserve that shrinks."""
        ballast = self.mount / "ballast"
        with ballast.open("ab") as file:
            size = file.tell() + self.free - RESERVE - room
            if size < file.tell():
                file.truncate(max(0, size))
            else:
                os.posix_fallocate(file.fileno(), 0, size)

    def fill(self) -> None:
        """Leave nothing at all."""
        self.leave(-RESERVE + MB)
        with suppress(OSError), (self.mount / "ballast").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        (self.mount / "ballast").unlink(missing_ok=True)

    def begin(self) -> str:
        """Return the id of a fresh draft."""
        answer = self.http.post("/api/v1/deposits/", json={"title": "Room"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture(scope="module")
def running_small_disk() -> Iterator[SmallDisk]:
    """Run one Stemma for this module's tests."""
    folder = Path(tempfile.mkdtemp(prefix="stemma-disk-"))
    folder.chmod(0o755)
    variables = {**LIVE_ENVIRONMENT, "STEMMA_DISK_RESERVE": f"{RESERVE // MB} MB"}
    try:
        with mounted(folder, DISK), running_stack(folder / "home", env=variables) as stack:
            headers = {"Authorization": f"Token {stack.credentials.token}"}
            with httpx.Client(base_url=stack.url, headers=headers, timeout=patient(60)) as http:
                yield SmallDisk(stack, http, folder)
    finally:
        folder.rmdir()


@pytest.fixture
def disk(running_small_disk: SmallDisk) -> Iterator[SmallDisk]:
    """Give a test the small disk with room, and take away what it left there."""
    yield running_small_disk
    running_small_disk.make_room()
