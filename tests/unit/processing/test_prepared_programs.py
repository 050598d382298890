"""What a worker's zygote has imported: every program that a job runs, once its compiled code is there."""

import importlib.util
from pathlib import Path

import pytest

import processing.tasks  # noqa: F401 - as a worker does, which registers the programs
from confined import zygotes
from confined.sandbox import Preparation


def test_every_program_of_a_job_is_prepared() -> None:
    programs = {name.partition(":")[0] for name in zygotes._programs}
    assert programs == {
        "ingest.programs.open_file",
        "ingest.programs.recognize_files",
        "processing.engine.convert_program",
        "processing.engine.preview_program",
        "processing.engine.reduce_program",
    }
    assert all(importlib.util.find_spec(module) for module in programs)


def test_a_program_waits_for_its_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Path] = []
    monkeypatch.setattr(zygotes, "_programs", {})
    assert zygotes.register_program("a:main") == "a:main"
    zygotes.register_program("b:main", find_compiled_code=lambda: compiled[0] if compiled else None)
    assert zygotes.prepare() == Preparation(("a:main",), None)
    compiled.append(Path("/cache"))
    assert zygotes.prepare() == Preparation(("a:main", "b:main"), Path("/cache"))
