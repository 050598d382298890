"""The upload protocol spoken word by word, so that a test can break off, lie and repeat."""

import base64
import hashlib
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.patience import patient, wait_until

CHUNK = {"Content-Type": "application/offset+octet-stream"}
VERSION = {"Tus-Resumable": "1.0.0"}
UPLOADS = "/api/v1/uploads/"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def encode_metadata(**pairs: str) -> str:
    words = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return ",".join(word.strip() for word in words)


def checksum_of(content: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


@dataclass(frozen=True)
class RawTus:
    """One account's uploads."""

    http: httpx.Client

    def create(self, size: int, **metadata: str) -> httpx.Response:
        promise = {"Upload-Length": str(size), "Upload-Metadata": encode_metadata(**metadata)}
        return self.http.post(UPLOADS, headers={**VERSION, **promise})

    def start(self, size: int, **metadata: str) -> str:
        """Create an upload and return its address."""
        answer = self.create(size, **metadata)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def patch(
        self, address: str, offset: int, content: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = {**VERSION, **CHUNK, "Upload-Offset": str(offset), **(headers or {})}
        return self.http.patch(address, content=content, headers=sent)

    def head(self, address: str) -> httpx.Response:
        return self.http.head(address, headers=VERSION)

    def offset(self, address: str) -> int:
        answer = self.head(address)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def delete(self, address: str) -> httpx.Response:
        return self.http.delete(address, headers=VERSION)

    def file(self, deposit: str, path: str) -> dict[str, Any]:
        """Return what the deposit says of a file."""
        files = self.http.get(f"/api/v1/deposits/{deposit}/").json()["files"]
        (found,) = [file for file in files if file["path"] == path]
        return dict(found)

    def store(self, deposit: str, path: str, content: bytes) -> None:
        """Upload a whole file."""
        address = self.start(len(content), deposit=deposit, path=path, sha256=sha256_of(content))
        if content:
            assert self.patch(address, 0, content).status_code == 204

    def begin_patch(
        self, address: str, offset: int, announced: int, headers: dict[str, str] | None = None
    ) -> socket.socket:
        """Open a connection and send the head of a PATCH; the body is the test's."""
        target = urlsplit(address)
        connection = socket.create_connection((target.hostname or "", target.port or 80), timeout=patient(30))
        words = {
            "Host": target.netloc,
            "Authorization": self.http.headers["Authorization"],
            **VERSION,
            **CHUNK,
            "Upload-Offset": str(offset),
            "Content-Length": str(announced),
            **(headers or {}),
        }
        lines = [f"PATCH {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in words.items())]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection


def reset(connection: socket.socket) -> None:
    """Break the connection as a pulled cable or a dying machine does: no farewell, an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def bytes_on_disk(home: Path, address: str) -> int:
    """Return how much of an upload the server has written."""
    return (home / "uploads" / address.rstrip("/").rsplit("/", 1)[-1]).stat().st_size


def wait_for_bytes(home: Path, address: str, count: int) -> None:
    wait_until(lambda: bytes_on_disk(home, address) >= count, f"fewer than {count} bytes are written")
