"""What the guide for modellers says of readers that meet damaged bytes holds for the readers."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import tensorstore as ts
import zarr
from aiohttp import ClientResponseError

from project.environment import CHECKOUT

GUIDE = CHECKOUT / "docs" / "guides" / "modeller.md"
METADATA = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [2, 2],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 2]}},
    "chunk_key_encoding": {"name": "default"},
    "fill_value": 7,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "attributes": {},
}


class _Damaged(BaseHTTPRequestHandler):
    """An array whose only chunk is known to be damaged."""

    chunks_asked: list[str]

    def do_GET(self) -> None:  # the library's names
        if self.path.endswith("/zarr.json"):
            self._answer(200, METADATA)
        elif self.path.endswith("/c/0/0"):
            self.chunks_asked.append(self.path)
            self._answer(500, {"code": "damaged"})
        else:
            self._answer(404, {})

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def address(asked: list[str]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Server", (_Damaged,), {"chunks_asked": asked}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/array"
    server.shutdown()
    thread.join()
    server.server_close()


def open_in_tensorstore(address: str, retries: dict[str, Any]) -> Any:
    description = {
        "driver": "zarr3",
        "kvstore": {"driver": "http", "base_url": f"{address}/"},
        "context": {"http_request_retries": retries},
    }
    return ts.open(description, read=True).result()


def read_guide() -> dict[str, Any]:
    """Return what the guide lets people write into the description of an array."""
    found = re.search(
        r'^description\["context"\] = (\{.*\})$', GUIDE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None
    retries: dict[str, Any] = json.loads(found.group(1))["http_request_retries"]
    return retries


def test_tensorstore_asks_as_often_as_the_guide_lets_it(address: str, asked: list[str]) -> None:
    retries = read_guide()
    array = open_in_tensorstore(address, {**retries, "initial_delay": "1ms", "max_delay": "2ms"})
    with pytest.raises(ValueError, match="retry attempts failed"):
        array.read().result()
    assert len(asked) == retries["max_retries"] + 1


def test_by_itself_it_asks_as_often_as_the_guide_says(address: str, asked: list[str]) -> None:
    array = open_in_tensorstore(address, {"initial_delay": "1ms", "max_delay": "2ms"})
    with pytest.raises(ValueError, match="retry attempts failed"):
        array.read().result()
    assert f"asks {len(asked) - 1} times more" in GUIDE.read_text(encoding="utf-8")


def test_zarr_python_gives_up_at_once(address: str, asked: list[str]) -> None:
    array = zarr.open_array(address, mode="r")
    with pytest.raises(ClientResponseError, match="500"):
        array[:]
    assert len(asked) == 1
