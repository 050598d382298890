"""The byte routes of a whole running Stemma, as foreign programs meet them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy.typing as npt
import pytest

from tests.client.conftest import make_shell
from tests.client.experiments import write_experiment
from tests.integration.bytes.raw_tus import RawTus
from tests.patience import patient

HTML = b"<!doctype html><title>before</title><script>document.title='ran';fetch('/ran')</script><p>notes"
SCRIPT = b"document.title = 'ran'"
UMLAUT = "Übersicht Å.txt"


@dataclass(frozen=True)
class Published:
    """A published dataset: its id, its files by path, its one measurement and the true patterns."""

    id: str
    files: dict[str, bytes]
    measurement: dict[str, Any]
    patterns: npt.NDArray[Any]

    def address(self, path: str) -> str:
        return f"/api/v1/datasets/{self.id}/versions/1/files/{path}"

    @property
    def zarr(self) -> str:
        return str(self.measurement["signals"][0]["zarr"]).rstrip("/")


@pytest.fixture
def http(live_stack: Any) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    with httpx.Client(base_url=live_stack.url, headers=headers, timeout=patient(60)) as client:
        yield client


@pytest.fixture
def stranger(live_stack: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_stack.url, timeout=patient(60)) as client:
        yield client


@pytest.fixture
def tus(http: httpx.Client) -> RawTus:
    return RawTus(http)


@pytest.fixture
def deposit(http: httpx.Client) -> str:
    """Return the id of a fresh draft."""
    answer = http.post("/api/v1/deposits/", json={"title": "Bytes"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="session")
def published(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish an EMPAD scan with a page, a script and an unread file beside it."""
    folder = tmp_path_factory.mktemp("bytes")
    experiment = write_experiment(folder / "session", title="Bytes that go out", scan_shape=(9, 7))
    (experiment.folder / "notes.html").write_bytes(HTML)
    (experiment.folder / "evil.js").write_bytes(SCRIPT)
    (experiment.folder / "sub").mkdir()
    (experiment.folder / "sub" / UMLAUT).write_bytes("Å\n".encode() * 5000)
    shell = make_shell(folder / "home", url=live_stack.url, token=live_stack.credentials.token)
    draft = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    codes = {finding["code"] for finding in list_findings(draft) if finding["severity"] == "warning"}
    accepted = [word for code in sorted(codes) for word in ("--accept-warnings", f"{code}:seen")]
    record = shell.run_json("publish", draft["id"], *accepted)
    files = {
        file["path"]: (find_local(experiment.folder, file["path"])).read_bytes() for file in record["files"]
    }
    (measurement,) = record["measurements"]
    return Published(record["id"], files, measurement, experiment.patterns)


def find_local(folder: Path, path: str) -> Path:
    """Return the local file behind a path of the deposit, with or without the folder's own name."""
    inside = folder / path
    return inside if inside.is_file() else folder.parent / path


def list_findings(record: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [record, *record["files"], *record["measurements"]]
    return [finding for part in parts for finding in part["findings"]]
