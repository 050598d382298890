"""The client against a server in this process: no sockets, no database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stemma import retrying
from stemma.connection import Connection
from stemma.depositing import drafts
from tests.patience import patient
from tests.unit.client.fake_server import FakeServer


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test folders of its own for login and memory, and no pauses worth mentioning."""
    home = tmp_path / "home"
    home.mkdir()
    for name, folder in (("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")):
        monkeypatch.setenv(name, str(home / folder))
    for name in ("STEMMA_URL", "STEMMA_TOKEN", "STEMMA_RETRY_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(retrying, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(drafts, "FIRST_POLL_S", 0.001)
    return home


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def connection(server: FakeServer) -> Iterator[Connection]:
    with Connection(server.url, "secret", retry_seconds=patient(2), transport=server) as connection:
        yield connection


@pytest.fixture
def logged_in(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """Name the server and its token in the environment, as a script would."""
    monkeypatch.setenv("STEMMA_URL", server.url)
    monkeypatch.setenv("STEMMA_TOKEN", "secret")
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", f"{patient(2):.0f}")
    return server
