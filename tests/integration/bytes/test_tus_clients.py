"""The clients that others use: tuspy and tus-js-client, unchanged."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tusclient.client import TusClient

from tests.integration.bytes.raw_tus import UPLOADS, RawTus, sha256_of
from tests.patience import patient
from tests.programs import need_program
from tests.ties import tie

SIZE = 9_000_001
SCRIPT = Path(__file__).with_name("tus_js_client.mjs")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(np.random.default_rng(11).bytes(SIZE))
    return path


def start_node(live_stack: Any, file: Path, deposit: str, path: str, *, chunk: int) -> subprocess.Popen[str]:
    """Start tus-js-client; it prints one JSON line for each thing that happens."""
    node = need_program("node")
    asked = {
        "endpoint": f"{live_stack.url}{UPLOADS}",
        "token": live_stack.credentials.token,
        "file": str(file),
        "metadata": {"deposit": deposit, "path": path, "sha256": sha256_of(file.read_bytes())},
        "chunk": chunk,
    }
    return subprocess.Popen(tie(node, SCRIPT, json.dumps(asked)), stdout=subprocess.PIPE, text=True)


def read_words(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def open_tuspy(live_stack: Any) -> TusClient:
    return TusClient(
        f"{live_stack.url}{UPLOADS}", headers={"Authorization": f"Token {live_stack.credentials.token}"}
    )


@pytest.mark.parametrize("is_checked", [False, True])
def test_tuspy_uploads(live_stack: Any, tus: RawTus, deposit: str, large: Path, is_checked: bool) -> None:
    metadata = {"deposit": deposit, "path": "Ångström/large.bin"}
    uploader = open_tuspy(live_stack).uploader(
        str(large), chunk_size=2_000_000, metadata=metadata, upload_checksum=is_checked
    )
    uploader.upload()
    assert tus.file(deposit, "Ångström/large.bin")["sha256"] == sha256_of(large.read_bytes())


def test_tuspy_resumes_from_its_address(live_stack: Any, tus: RawTus, deposit: str, large: Path) -> None:
    metadata = {"deposit": deposit, "path": "large.bin"}
    client = open_tuspy(live_stack)
    first = client.uploader(str(large), chunk_size=1_000_000, metadata=metadata)
    first.upload(stop_at=4_000_000)
    second = client.uploader(str(large), chunk_size=5_000_000, url=first.url)
    assert second.offset == 4_000_000
    second.upload()
    assert tus.file(deposit, "large.bin")["sha256"] == sha256_of(large.read_bytes())


def test_tuspy_that_forgot_resumes_with_one_retry(
    live_stack: Any, tus: RawTus, deposit: str, large: Path
) -> None:
    metadata = {"deposit": deposit, "path": "large.bin"}
    client = open_tuspy(live_stack)
    client.uploader(str(large), chunk_size=1_000_000, metadata=metadata).upload(stop_at=4_000_000)
    client.uploader(str(large), chunk_size=5_000_000, metadata=metadata, retries=2, retry_delay=0).upload()
    assert tus.file(deposit, "large.bin")["sha256"] == sha256_of(large.read_bytes())


@pytest.mark.parametrize("chunk", [1_000_000, 100_000_000])
def test_tus_js_client_uploads(live_stack: Any, tus: RawTus, deposit: str, large: Path, chunk: int) -> None:
    process = start_node(live_stack, large, deposit, "large.bin", chunk=chunk)
    words = list(read_words(process))
    assert process.wait(patient(30)) == 0
    assert words[-1] == {"done": True}
    assert not any("retry" in word for word in words)
    assert tus.file(deposit, "large.bin")["sha256"] == sha256_of(large.read_bytes())


def test_browser_elsewhere_may_ask_with_a_token(stranger: httpx.Client) -> None:
    """A preflight for a PATCH from another page; what follows needs a token, because no cookie is allowed."""
    answer = stranger.options(
        UPLOADS,
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= {
        "authorization",
        "tus-resumable",
        "upload-offset",
        "upload-metadata",
        "upload-checksum",
    }
