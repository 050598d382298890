"""One confined run, as tests ask for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sandbox import Limits, run_confined

Run = Callable[..., dict[str, Any]]
LIMITS = Limits(wall_s=30, cpu_s=20, data_bytes=1 << 30, file_bytes=64 << 20, free_bytes=0)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "job" / "output"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def run(output: Path) -> Run:
    """Run a program of `tests/unit/sandbox/programs` with small limits."""

    def run_program(
        program: str,
        request: Mapping[str, Any] | None = None,
        *,
        inputs: Mapping[str, Path] | None = None,
        on_message: Callable[[dict[str, Any]], None] = lambda _: None,
        compiled_cache: Path | None = None,
        **limits: Any,
    ) -> dict[str, Any]:
        return run_confined(
            program=f"tests.unit.sandbox.programs.{program}",
            request=request or {},
            inputs=inputs or {},
            output=output,
            limits=replace(LIMITS, **limits),
            on_message=on_message,
            compiled_cache=compiled_cache,
        )

    return run_program
