"""The command `stemma` and the Python client against a whole running Stemma."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import stemma
from tests.client.experiments import Experiment, write_experiment
from tests.patience import patient
from tests.ties import tie

COMMAND = Path(sys.executable).with_name("stemma")


@dataclass(frozen=True)
class Shell:
    """A person's shell: a home of its own, the server and a token in the environment."""

    environment: dict[str, str]

    def run(self, *arguments: str | Path, seconds: float = 240) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            tie(COMMAND, *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(seconds),
        )

    def run_json(self, *arguments: str | Path, code: int = 0, seconds: float = 240) -> dict[str, Any]:
        """Run with --json; stdout must be exactly one object, the exit code the expected one."""
        done = self.run(*arguments, "--json", seconds=seconds)
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        printed = json.loads(done.stdout)
        assert isinstance(printed, dict)
        return printed

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            tie(COMMAND, *arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def make_shell(home: Path, *, url: str, token: str) -> Shell:
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    folders = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_STATE_HOME": home / "state"}
    environment = {**kept, **{name: str(folder) for name, folder in folders.items()}}
    return Shell({**environment, "STEMMA_URL": url, "STEMMA_TOKEN": token})


@pytest.fixture
def shell(live_stack: Any, tmp_path: Path) -> Shell:
    return make_shell(tmp_path / "home", url=live_stack.url, token=live_stack.credentials.token)


@pytest.fixture(scope="session")
def published(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Experiment]:
    """One experiment, deposited and published by the command; the object it printed."""
    folder = tmp_path_factory.mktemp("published")
    experiment = write_experiment(folder / "session")
    shell = make_shell(folder / "home", url=live_stack.url, token=live_stack.credentials.token)
    first = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    return shell.run_json("publish", first["id"], *accept_warnings(first)), experiment


@pytest.fixture
def client(live_stack: Any) -> Iterator[stemma.Client]:
    with stemma.connect(live_stack.url, live_stack.credentials.token) as client:
        yield client


def accept_warnings(record: dict[str, Any]) -> list[str]:
    """Return the arguments that acknowledge every warning of a deposit."""
    places = [record, *record["files"], *record["measurements"]]
    findings = [finding for place in places for finding in place["findings"]]
    codes = sorted({finding["code"] for finding in findings if finding["severity"] == "warning"})
    return [word for code in codes for word in ("--accept-warnings", f"{code}:seen")]
