"""How long a person waits for what should feel immediate: seconds of the wall, against what was promised."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py

from confined.sandbox import Limits, run_confined
from repository.schema import validate_measurement
from tests.ties import tie
from tests.unit.schema.documents import four_d, scan_4d

VALIDATIONS = 20
REPEATS = 5


def measure_promptness(folder: Path) -> dict[str, dict[str, Any]]:
    """Return one entry for each promise; the ratio is taken of the promised seconds."""
    folder.mkdir()
    with h5py.File(folder / "object", "w") as file:
        file.create_dataset("x", data=[1, 2, 3], compression="gzip")

    def validate() -> None:
        for _ in range(VALIDATIONS):
            validate_measurement(four_d(), signals=scan_4d())

    def read_confined() -> None:
        output = folder / f"{time.monotonic_ns()}" / "output"
        output.mkdir(parents=True)
        run_confined(
            program="tests.unit.sandbox.programs.read_formats:main",
            request={"name": "a.h5"},
            inputs={"a.h5": folder / "object"},
            output=output,
            limits=Limits(free_bytes=0),
            on_message=lambda _: None,
        )

    def import_schema() -> None:
        subprocess.run(tie(sys.executable, "-c", "import repository.schema"), check=True)

    return {
        "validation_of_a_measurement": _entry(validate, 0.1, VALIDATIONS),
        "confined_reading_with_a_fresh_interpreter": _entry(read_confined, 1.5),
        "import_of_the_schema": _entry(import_schema, 1.0),
    }


def _entry(work: Callable[[], None], promised_s: float, times: int = 1) -> dict[str, Any]:
    work()  # what is imported and compiled once
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - wall) / times)
        cpus.append((time.process_time() - cpu) / times)
    wall_s = statistics.median(walls)
    return {
        "ratio": round(wall_s / promised_s, 4),
        "budget": 1.0,
        "against": f"{promised_s:g} s as promised, wall time",
        "cpu_s": round(statistics.median(cpus), 4),
        "n": REPEATS * times,
        "detail": {"measure": "wall_s", "wall_s": round(wall_s, 4), "promised_s": promised_s},
    }
