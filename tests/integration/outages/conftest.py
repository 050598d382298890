"""A running Stemma whose neighbours are frozen and thawed; the suites that share it wait in the same process."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from project.stack.processes import read_command_line
from tests.client.conftest import accept_warnings, make_shell
from tests.client.experiments import write_experiment
from tests.integration.bytes.raw_tus import RawTus
from tests.many_clients import Question, list_children
from tests.patience import patient
from tests.whole_stack import RunningStack

BOUND_S = 20.0
"""No answer takes longer while a neighbour is frozen; on an idle machine it is a third of it."""


@dataclass(frozen=True)
class Town:
    """The running stack, a published dataset in it, and one client."""

    stack: RunningStack
    http: httpx.Client
    dataset: str
    file: str
    array: str

    @property
    def token(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.stack.credentials.token}"}

    def list_questions(self) -> list[Question]:
        """Return what many kinds of visitors ask."""
        number = self.dataset
        return [
            Question(f"/datasets/{number}"),
            Question("/search"),
            Question("/api/v1/search/?q=scan"),
            Question(f"/api/v1/datasets/{number}/"),
            Question(f"/datasets/{number}.jsonld"),
            Question(self.file, {"Range": "bytes=1000-65535"}),
            Question(self.array),
            Question("/readyz"),
            Question("/api/v1/deposits/", self.token),
        ]

    @contextmanager
    def frozen(self, *parts: str) -> Iterator[None]:
        """Stop the processes of some parts, and let them go on in the end; meanwhile no answer takes long."""
        with stopped([number for part in parts for number in self._list_processes(part)]), self._impatient():
            yield

    @contextmanager
    def frozen_backends(self) -> Iterator[None]:
        """Stop the server processes of the application's connections alone: the server takes new calls."""
        backends = [
            number
            for number in list_children(self.stack.pids["database"])
            if read_command_line(number)[:1]
            and read_command_line(number)[0].startswith("postgres: stemma_app ")
        ]
        assert backends
        with stopped(backends), self._impatient():
            yield

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        """Let a request that hangs end in a fault."""
        before, self.http.timeout = self.http.timeout, httpx.Timeout(patient(BOUND_S))
        try:
            yield
        finally:
            self.http.timeout = before

    def _list_processes(self, part: str) -> list[int]:
        pid = self.stack.pids[part]
        return [pid, *list_children(pid)]

    def ask_readiness(self) -> dict[str, Any]:
        """Return what /readyz says; a token asks more of it than a stranger does."""
        told: dict[str, Any] = self.http.get("/readyz", headers=self.token).json()
        return told


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Stop processes, of which some, such as a connection that was just given up, may be gone already."""
    for number in pids:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        for number in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGCONT)


@pytest.fixture(scope="session")
def town(live_stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("outages")
    experiment = write_experiment(folder / "session", title="A scan for many")
    shell = make_shell(folder / "shell", url=live_stack.url, token=live_stack.credentials.token)
    draft = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    record = shell.run_json("publish", draft["id"], *accept_warnings(draft))
    primary = next(file["path"] for file in record["files"] if file["path"].endswith(".raw"))
    zarr = httpx.URL(str(record["measurements"][0]["signals"][0]["zarr"])).path.rstrip("/")
    with httpx.Client(base_url=live_stack.url, timeout=patient(120), trust_env=False) as http:
        yield Town(
            stack=live_stack,
            http=http,
            dataset=record["id"],
            file=f"/api/v1/datasets/{record['id']}/versions/1/files/{primary}",
            array=f"{zarr}/zarr.json",
        )


@pytest.fixture
def tus(town: Town) -> Iterator[RawTus]:
    with httpx.Client(
        base_url=town.stack.url, headers=town.token, timeout=patient(120), trust_env=False
    ) as http:
        yield RawTus(http)
