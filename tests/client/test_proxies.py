"""The command and real proxies: loopback goes straight, a remote server through the proxy that is named."""

import json
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.client.conftest import Shell, make_shell
from tests.patience import patient
from tests.ties import tie

REMOTE = "stemma.remote.test"
NOBODY = "127.0.0.1:9"


class Answer(BaseHTTPRequestHandler):
    """A server whose search finds nothing; as a plain proxy it answers in the remote server's place."""

    def do_GET(self) -> None:
        body = json.dumps(
            {"count": 0, "next": None, "facets": {}, "results": [], "asked": self.path}
        ).encode()
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        del arguments


class Socks(socketserver.StreamRequestHandler):
    """SOCKS 5 without a password: notes the name that was asked for and answers as the server would."""

    def handle(self) -> None:
        _version, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        _version, _connect, _reserved, kind = self.rfile.read(4)
        assert kind == 3, "the name goes to the proxy; it is not resolved here"
        name = self.rfile.read(self.rfile.read(1)[0]).decode()
        (port,) = struct.unpack("!H", self.rfile.read(2))
        self.server.asked.append(f"{name}:{port}")  # type: ignore[attr-defined]
        self.wfile.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        self.rfile.readline()
        body = b'{"count": 0, "next": null, "facets": {}, "results": []}'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[list[str]]:
    asked: list[str] = []
    server.asked = asked  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()


def _address(server: socketserver.TCPServer) -> str:
    return f"127.0.0.1:{server.server_address[1]}"


def _search(home: Path, url: str, proxies: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shell = make_shell(home, url=url, token="none")
    return Shell({**shell.environment, **proxies, "STEMMA_RETRY_SECONDS": "0"}).run("search", "x", "--json")


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": f"http://{NOBODY}", "NO_PROXY": ""},
        {"http_proxy": f"http://{NOBODY}", "https_proxy": f"http://{NOBODY}"},
        {"ALL_PROXY": f"socks5h://{NOBODY}"},
        {"all_proxy": "what is this"},
    ],
    ids=["upper", "lower", "socks", "nonsense"],
)
def test_this_machine_is_reached_whatever_the_proxy_variables_say(
    tmp_path: Path, proxies: dict[str, str]
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    with _serving(server) as asked:
        done = _search(tmp_path, f"http://{_address(server)}", proxies)
    assert (done.returncode, len(asked)) == (0, 1), done.stderr
    assert json.loads(done.stdout)["count"] == 0


def test_a_remote_server_is_asked_through_the_proxy(tmp_path: Path) -> None:
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    with _serving(proxy) as asked:
        done = _search(tmp_path, f"http://{REMOTE}", {"HTTP_PROXY": f"http://{_address(proxy)}"})
    assert done.returncode == 0, done.stderr
    assert asked == [f"http://{REMOTE}/api/v1/search?q=x"]


@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
def test_a_remote_server_is_asked_through_a_socks_proxy(tmp_path: Path, kind: str) -> None:
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Socks)
    with _serving(proxy) as asked:
        done = _search(tmp_path, f"http://{REMOTE}", {"ALL_PROXY": f"{kind}://{_address(proxy)}"})
    assert done.returncode == 0, done.stderr
    assert asked == [f"{REMOTE}:80"]


@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_a_proxy_that_is_away_is_named_without_its_password(tmp_path: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = _search(tmp_path, f"http://{REMOTE}", {"ALL_PROXY": f"{kind}://me:secret@127.0.0.1:{port}"})
    assert done.returncode == 4
    problem = json.loads(done.stdout)
    assert problem["code"] == "server_unreachable"
    assert f"through the proxy {kind}://127.0.0.1:{port}" in problem["detail"]
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_of_the_library_goes_the_same_ways(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    with _serving(server):
        shell = make_shell(tmp_path, url=f"http://{_address(server)}", token="none")
        done = subprocess.run(
            tie(sys.executable, "-c", "import stemma; print(len(stemma.connect().search('x')))"),
            env={**shell.environment, "ALL_PROXY": f"socks5h://{NOBODY}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(240),
        )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
