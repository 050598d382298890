"""A version as one ZIP: right in every byte, and never whole in memory or on a disk."""

import hashlib
import io
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from api.byte_service import archives
from repository.services import checked_reading
from tests.integration.bytes.conftest import Published


@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_archive_holds_every_file(stranger: httpx.Client, published: Published, version: str) -> None:
    address = f"/api/v1/datasets/{published.id}{version}/zip"
    answer = stranger.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None  # every CRC is right
        assert {name: archive.read(name) for name in archive.namelist()} == published.files
    head = stranger.head(address)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(answer.content)))


def test_archive_of_nothing_published(stranger: httpx.Client, deposit: str) -> None:
    assert stranger.get(f"/api/v1/datasets/{deposit}/zip").status_code == 404
    assert stranger.get(f"/api/v1/datasets/{deposit}/versions/1/zip").status_code == 404


def test_archive_is_streamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A gigabyte passes through a few megabytes of memory and leaves no file behind."""
    block = bytes(1 << 20)
    blocks = 1000

    digest = hashlib.sha256()
    for _ in range(blocks):
        digest.update(block)

    def open_range(_: str, start: int, stop: int) -> Iterator[bytes]:
        yield block[: stop - start]

    store = SimpleNamespace(open_range=open_range, size=lambda _: blocks << 20)
    monkeypatch.setattr(checked_reading, "get_object_store", lambda: store)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    archive = archives.build_archive([("große/datei.raw", digest.hexdigest(), blocks << 20)])
    promised = len(archive)
    tracemalloc.start()
    length = sum(len(piece) for piece in archive)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length == promised > blocks << 20
    assert peak < 20 << 20
    assert list(tmp_path.iterdir()) == []
