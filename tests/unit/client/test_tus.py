"""The upload loop where things go wrong."""

import hashlib
from pathlib import Path
from threading import Event

import httpx
import pytest

from stemma.connection import Connection
from stemma.depositing.local_files import LocalFile
from stemma.depositing.stopping import TransferStoppedError
from stemma.depositing.tus import Uploader, UploadJob, encode_metadata
from stemma.errors import DamagedFileError, RefusedError, ServerUnreachableError
from tests.unit.client.fake_server import FakeServer, Upload, refuse

CONTENT = bytes(range(256)) * 12_000


@pytest.fixture
def job(tmp_path: Path, connection: Connection) -> UploadJob:
    connection.request("POST", "/api/v1/deposits/", json={})
    location = tmp_path / "scan.raw"
    location.write_bytes(CONTENT)
    file = LocalFile(location, "session/scän.raw", len(CONTENT))
    return UploadJob(file, "dep0-abc0", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def uploader(connection: Connection) -> Uploader:
    return Uploader(connection, Event())


def test_offsets_are_told_while_it_goes(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    offsets: list[int] = []
    assert uploader.send(job, offsets.append) is True
    assert server.contents["dep0-abc0", "session/scän.raw"] == CONTENT
    assert offsets == sorted(offsets)
    assert (offsets[0], offsets[-1]) == (0, len(CONTENT))
    assert len(offsets) > 3


def test_begun_upload_goes_on_where_it_is(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    server.uploads["u9"] = Upload(
        "dep0-abc0", job.file.name, job.sha256, len(CONTENT), bytearray(CONTENT[:2_000_000])
    )
    uploader.send(job, print)
    assert server.bytes_received == len(CONTENT) - 2_000_000
    assert server.contents["dep0-abc0", job.file.name] == CONTENT


def test_upload_that_expired_meanwhile_begins_anew(
    server: FakeServer, uploader: Uploader, job: UploadJob
) -> None:
    server.cut_after, server.cuts_left = 1_000_000, 1

    def expire(offset: int) -> None:
        if offset == 1_000_000:
            server.uploads.clear()

    assert uploader.send(job, expire) is True
    assert server.contents["dep0-abc0", job.file.name] == CONTENT


def test_server_that_forgets_every_upload_is_given_up(
    server: FakeServer, uploader: Uploader, job: UploadJob
) -> None:
    with pytest.raises(ServerUnreachableError, match="again and again"):
        uploader.send(job, lambda _: server.uploads.clear())


def test_what_is_stored_is_not_sent(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    uploader.send(job, print)
    received = server.bytes_received
    assert uploader.send(job, print) is False
    assert server.bytes_received == received


def test_empty_file_is_complete_at_once(
    server: FakeServer, uploader: Uploader, tmp_path: Path, connection: Connection
) -> None:
    connection.request("POST", "/api/v1/deposits/", json={})
    (tmp_path / "empty").touch()
    job = UploadJob(LocalFile(tmp_path / "empty", "empty", 0), "dep0-abc0", hashlib.sha256().hexdigest())
    assert uploader.send(job, print) is True
    assert server.contents["dep0-abc0", "empty"] == b""


def test_file_that_changes_underneath_is_said(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    job.file.location.write_bytes(CONTENT[::-1])
    with pytest.raises(DamagedFileError, match="other bytes"):
        uploader.send(job, print)
    job.file.location.write_bytes(CONTENT[:1000])
    with pytest.raises(DamagedFileError, match="shorter"):
        uploader.send(job, print)


def test_busy_upload_is_waited_for(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    server.uploads["u9"] = Upload("dep0-abc0", job.file.name, job.sha256, len(CONTENT))
    tries = iter(range(9))

    def locked(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(200, headers={"Upload-Offset": "0"}, request=request)
        if next(tries) >= 2:
            del server.extra["/api/v1/uploads/u9"]
        response = refuse(423, "upload_locked", "Another request writes to it.")
        response.request = request
        return response

    server.extra["/api/v1/uploads/u9"] = locked
    assert uploader.send(job, print) is True


def test_refused_size_is_final(server: FakeServer, uploader: Uploader, job: UploadJob) -> None:
    def refuse_size(request: httpx.Request) -> httpx.Response:
        response = refuse(413, "file_too_large", "More than 1 TB.")
        response.request = request
        return response

    server.extra["/api/v1/uploads/"] = refuse_size
    with pytest.raises(RefusedError) as caught:
        uploader.send(job, print)
    assert caught.value.code == "file_too_large"
    assert server.count("POST", "/uploads/") == 1


def test_patience_ends(server: FakeServer, connection: Connection, job: UploadJob) -> None:
    connection.retry_seconds = 0.02
    server.away = 10**6
    with pytest.raises(ServerUnreachableError, match="connection refused"):
        Uploader(connection, Event()).send(job, print)


def test_progress_restores_the_patience(server: FakeServer, connection: Connection, job: UploadJob) -> None:
    """Each break leaves the upload further on, so it ends well however little patience there is."""
    connection.retry_seconds = 0.0005
    server.cut_after, server.cuts_left = 1_100_000, 2
    assert Uploader(connection, Event()).send(job, print) is True


def test_stop_is_obeyed(server: FakeServer, connection: Connection, job: UploadJob) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(TransferStoppedError):
        Uploader(connection, stop).send(job, print)
    assert server.bytes_received == 0


def test_a_server_without_room_is_waited_for(
    server: FakeServer, connection: Connection, job: UploadJob
) -> None:
    waits: list[str] = []
    connection.on_wait = lambda reason, _pause, _left: waits.append(reason)
    server.full_after, server.full_for = 1_000_000, 3
    assert Uploader(connection, Event()).send(job, lambda _offset: None) is True
    assert server.contents["dep0-abc0", job.file.name] == CONTENT
    assert waits == ["The server's disk is full."] * 3, "the server's own sentence"
    assert server.bytes_received == len(CONTENT), "no byte was sent twice"


def test_a_server_that_stays_full_ends_it_with_its_sentence(
    server: FakeServer, connection: Connection, job: UploadJob
) -> None:
    server.full_after, server.full_for = 1_000_000, 10**6
    connection.retry_seconds = 0.0
    with pytest.raises(ServerUnreachableError, match="disk is full") as caught:
        Uploader(connection, Event()).send(job, lambda _offset: None)
    assert (caught.value.status, caught.value.code) == (507, "disk_full")
    server.full_for = 0
    Uploader(connection, Event()).send(job, lambda _offset: None)
    assert server.contents["dep0-abc0", job.file.name] == CONTENT
    assert server.bytes_received == len(CONTENT), "it went on where it was"


def test_metadata_header_survives_unicode() -> None:
    assert encode_metadata({"path": "scän.raw", "size": "3"}) == "path c2PDpG4ucmF3,size Mw=="
