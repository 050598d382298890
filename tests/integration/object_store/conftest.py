"""An S3 server of its own: moto, in a process, on a free port."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from repository.integrations.s3_object_store import S3Bucket
from tests.patience import Deadline, let_pass, patient
from tests.ties import tie


def make_bucket(endpoint: str, name: str) -> S3Bucket:
    with urlopen(Request(f"{endpoint}/{name}", method="PUT", data=b"")):  # noqa: S310  # our own server
        return S3Bucket(
            bucket=name,
            region="us-east-1",
            access_key_id="stemma",
            secret_access_key="secret",
            endpoint_url=endpoint,
        )


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an S3 server that lives as long as the session."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            tie(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait_for(endpoint, process, log)
        yield endpoint
    finally:
        process.terminate()
        process.wait(timeout=patient(30))


def _wait_for(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = Deadline(60)
    while True:
        try:
            with urlopen(f"{endpoint}/moto-api/data.json"):  # noqa: S310  # our own server
                return
        except (URLError, ConnectionError):
            if process.poll() is not None or deadline.is_over():
                pytest.fail(f"the S3 server did not start:\n{log.read_text(errors='replace')}")
            let_pass(0.1)


@pytest.fixture
def s3_bucket(s3_server: str) -> S3Bucket:
    """Return an empty bucket."""
    return make_bucket(s3_server, f"objects-{uuid.uuid4().hex}")
