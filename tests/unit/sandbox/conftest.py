"""One confined run, as tests ask for it: by an interpreter of its own, and forked from a zygote."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from confined.sandbox import Limits, Preparation, ZygoteKeeper, run_confined
from tests.patience import patient

Run = Callable[..., dict[str, Any]]
LIMITS = Limits(
    wall_s=patient(30), cpu_s=int(patient(20)), data_bytes=1 << 30, file_bytes=64 << 20, free_bytes=0
)


PREPARATION = Preparation(("ingest.programs.open_file:main", "tests.unit.sandbox.programs.honest:echo"))


@pytest.fixture(scope="session")
def keeper() -> Iterator[ZygoteKeeper]:
    """Give the zygote that all forked runs of this process come from."""
    keeper = ZygoteKeeper(lambda: PREPARATION)
    yield keeper
    keeper.close()


@pytest.fixture(params=["fresh", "forked"])
def zygotes(request: pytest.FixtureRequest, keeper: ZygoteKeeper) -> Iterator[ZygoteKeeper | None]:
    """Run what follows both ways; a hostile run before must not have cost the zygote."""
    if request.param == "fresh":
        yield None
        return
    before = keeper.find()
    assert before is not None
    yield keeper
    assert keeper.find() is before


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "job" / "output"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def run(output: Path, zygotes: ZygoteKeeper | None) -> Run:
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
            zygotes=zygotes,
        )

    return run_program
