"""`stemma validate` that is asked to end: its draft is gone, whichever signal asks."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.patience import patient
from tests.ties import tie


class _SlowServer(BaseHTTPRequestHandler):
    """Answers as far as the submission, and never comes to an end with it."""

    deleted: threading.Event
    submitted: threading.Event

    def _answer(self, body: dict[str, object], status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _record(self) -> dict[str, object]:
        state = "processing" if self.submitted.is_set() else "draft"
        return {"id": "dep0-abc0", "state": state, "findings": [], "files": [], "measurements": []}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("submit/"):
            self.submitted.set()
        self._answer(self._record(), 201)

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(self._record())

    def do_GET(self) -> None:
        self._answer(self._record())

    def do_DELETE(self) -> None:
        self.deleted.set()
        self._answer({}, 200)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slow_server() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    _SlowServer.deleted, _SlowServer.submitted = threading.Event(), threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), _SlowServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", _SlowServer.submitted, _SlowServer.deleted
        server.shutdown()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_removes_the_draft(
    slow_server: tuple[str, threading.Event, threading.Event], tmp_path: Path, ending: signal.Signals
) -> None:
    url, submitted, deleted = slow_server
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("")
    environment = {**os.environ, "STEMMA_URL": url, "STEMMA_TOKEN": "secret"}
    script = (
        "import stemma.depositing.checking as c; c.deliver_files = lambda *_: None;"
        "import signal, sys; sys.argv = ['stemma', 'validate', sys.argv[1]];"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from stemma.commands.program import main; main()"
    )
    with subprocess.Popen(
        tie(sys.executable, "-c", script, tmp_path / "empty"),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert submitted.wait(patient(60))
        process.send_signal(ending)
        _, error = process.communicate(timeout=patient(60))
    assert deleted.is_set(), error
    assert process.returncode == 130
