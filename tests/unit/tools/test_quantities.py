"""`make quantities` is typed in a shell in which nothing is set."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.environment import DEFAULTS
from tools import quantities


def test_the_verb_gives_its_programs_what_they_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = tmp_path / "planner.md"
    document.write_text(quantities.DOCUMENT.read_text("utf-8"), "utf-8")
    started: list[str] = []

    def start(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert os.environ["STEMMA_SECRET_KEY"], "Django refuses to start without"
        assert os.environ["DATABASE_URL"]
        started.extend({"makemigrations", "tools.openapi"} & set(command))
        return subprocess.CompletedProcess(command, 0)

    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(quantities, "DOCUMENT", document)
    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(sys, "argv", ["quantities", "--write"])
    assert quantities.main() == 0
    assert started == ["makemigrations", "tools.openapi"]
