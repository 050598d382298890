"""Everything that goes wrong, deposited once by the command, as a person would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.conftest import Shell, make_shell
from tests.integration.bad_input.damaged_files import write_all
from tests.patience import patient

Record = dict[str, Any]


@dataclass(frozen=True)
class Deposit:
    """The folder as it lies here, and what the server says of it."""

    folder: Path
    record: Record

    def file(self, path: str) -> Record:
        (found,) = [file for file in self.record["files"] if file["path"] == path]
        return dict(found)

    def measurement(self, path: str) -> Record | None:
        found = [item for item in self.record["measurements"] if item["path"] == path]
        return dict(found[0]) if found else None

    def findings(self, path: str) -> list[Record]:
        """Return what was found about a file and about the measurement that begins with it."""
        measurement = self.measurement(path)
        return [*self.file(path)["findings"], *(measurement["findings"] if measurement else [])]


@pytest.fixture(scope="session")
def bad_shell(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    home = tmp_path_factory.mktemp("bad-input-home")
    return make_shell(home, url=live_stack.url, token=live_stack.credentials.token)


@pytest.fixture(scope="session")
def damaged(bad_shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Deposit:
    folder = tmp_path_factory.mktemp("bad-input") / "session"
    write_all(folder)
    return Deposit(folder, bad_shell.run_json("deposit", folder, "--new"))


@pytest.fixture
def http(live_stack: Any) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {live_stack.credentials.token}"}
    with httpx.Client(base_url=live_stack.url, headers=headers, timeout=patient(60)) as client:
        yield client
