"""What many small files cost: a deposit of small DigitalMicrograph files, through the whole of a running Stemma."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confined.sandbox import Limits, run_confined
from processing.declarations.manifest import Order
from tests.benchmarks.process_times import read_cpu_s
from tests.ties import tie
from tests.vendor_files.dm import write_dm
from tests.whole_stack import RunningStack, running_stack

WHOLE, QUICK = 100, 20
SIDE_PX = 384  # 295 kB of 16 bit
BUDGET_CONFINED_S, BUDGET_HOUSE_S = 0.3, 0.6
COMPARED_FILES = 3
LONGEST_COMPILATION_S = 600.0
_RUN = re.compile(r"confined run: [\w.]+\.(\w+):main, (\w+), done, .* ([\d.]+) CPU s, peak (\d+) MiB")
_STAGES = {"recognize_files": "recognize", "open_file": "open", "convert_program": "convert"}
_SHARES = {
    "confined": ("confined",),
    "house": ("web", "worker", "beat", "database", "broker", "zygotes", "confined"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one deposit: by part of the house, by confined stage, and of the depositing command."""

    n_files: int
    parts: dict[str, float]
    stages: dict[str, list[float]]
    peak_mb: float
    client_s: float
    wall_s: float

    def per_file(self, names: Sequence[str]) -> float:
        """Return the sum of some parts for one file."""
        return sum(self.parts[name] for name in names) / self.n_files


def measure_small_files(folder: Path, n_files: int, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Return the entries of the results, by name."""
    uploads = make_files(folder / "uploads", n_files)
    with running_stack(folder / "home", env={"STEMMA_LOG_LEVEL": "INFO"}) as stack:
        compiled = _wait_for_compiled_code(stack)
        cost = _deposit(stack, uploads)
        fresh = _measure_fresh(uploads, folder, compiled)
    say(
        f"  {n_files} small files: {cost.per_file(_SHARES['house']):.3f} CPU s a file, {cost.wall_s:.1f} s in all"
    )
    budgets = {"confined": BUDGET_CONFINED_S, "house": BUDGET_HOUSE_S}
    return {f"small_files_{name}": _describe(cost, fresh, _SHARES[name], budgets[name]) for name in budgets}


def make_files(folder: Path, n_files: int) -> list[Path]:
    """Write small images, every second one as DM4."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    tags = {"Microscope Info": {"Voltage": 200_000.0, "Operation Mode": "SCANNING"}}
    return [
        write_dm(
            folder / f"image{number:03}.dm{version}",
            rng.poisson(200, (SIDE_PX, SIDE_PX)).astype(np.uint16),
            version=version,
            calibrations=((0.0, 0.1, "nm"), (0.0, 0.1, "nm")),
            tags=tags,
        )
        for number, version in ((number, 3 + number % 2) for number in range(n_files))
    ]


def _wait_for_compiled_code(stack: RunningStack) -> Path:
    deadline = time.monotonic() + LONGEST_COMPILATION_S
    while not (done := list(stack.home.root.glob("cache/compiled/*/complete"))):
        if time.monotonic() > deadline:
            raise SystemExit("the reductions were not compiled in time")
        time.sleep(0.5)
    return done[0].parent


def _deposit(stack: RunningStack, uploads: list[Path]) -> Cost:
    pids = stack.pids
    logs = {
        log: log.stat().st_size
        for name in pids
        if name.startswith("worker")
        for log in [stack.home.log_of(name)]
    }
    before, started = read_cpu_s(pids), time.monotonic()
    credentials = stack.credentials
    with (stack.home.root / "deposit.json").open("wb") as answer:
        client = subprocess.Popen(
            tie(
                Path(sys.executable).with_name("stemma"),
                "deposit",
                uploads[0].parent,
                "--title",
                "Small files",
                "--json",
            ),
            env={**os.environ, "STEMMA_URL": stack.url, "STEMMA_TOKEN": credentials.token},
            stdout=answer,
            stderr=subprocess.DEVNULL,
        )
        try:
            _, status, usage = os.wait4(client.pid, 0)
        except KeyboardInterrupt:
            client.kill()
            raise
        client.returncode = os.waitstatus_to_exitcode(status)
    if client.returncode:
        raise SystemExit(f"the deposit ended with {client.returncode}; see {stack.home.root}")
    after, wall_s = read_cpu_s(pids), time.monotonic() - started
    stages: defaultdict[str, list[float]] = defaultdict(list)
    peak_mb = 0.0
    for log, printed_before in logs.items():
        with log.open("rb") as lines:
            lines.seek(printed_before)
            for name, way, cpu_s, peak in _RUN.findall(lines.read().decode(errors="replace")):
                stages[f"{_STAGES[name]}, {way}"].append(float(cpu_s))
                peak_mb = max(peak_mb, float(peak))
    return Cost(
        n_files=len(uploads),
        parts={name: after[name] - before[name] for name in after},
        stages=dict(stages),
        peak_mb=peak_mb,
        client_s=usage.ru_utime + usage.ru_stime,
        wall_s=wall_s,
    )


def _measure_fresh(uploads: list[Path], folder: Path, compiled: Path) -> float:
    """Return CPU seconds a file of the same three stages, every run with an interpreter of its own."""
    inputs = {path.name: path for path in uploads}
    recognize = _run_fresh("ingest.programs.recognize_files:main", {}, inputs, folder, None) / len(uploads)
    costs = []
    for path in uploads[:COMPARED_FILES]:
        opening = {"format": path.suffix[1:], "files": [path.name], "hints": {}}
        order = Order(format=path.suffix[1:], files=(path.name,)).as_dict()
        costs.append(
            _run_fresh("ingest.programs.open_file:main", opening, {path.name: path}, folder, None)
            + _run_fresh("processing.engine.convert_program:main", order, {path.name: path}, folder, compiled)
        )
    return recognize + statistics.median(costs)


def _run_fresh(
    program: str, request: dict[str, Any], inputs: dict[str, Path], folder: Path, compiled: Path | None
) -> float:
    output = folder / f"fresh{time.monotonic_ns()}" / "output"
    output.mkdir(parents=True)
    before = os.times()
    run_confined(
        program=program,
        request=request,
        inputs=inputs,
        output=output,
        limits=Limits(data_bytes=3 << 30, free_bytes=0),
        on_message=lambda _: None,
        compiled_cache=compiled,
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _describe(cost: Cost, fresh_s: float, names: Sequence[str], budget_s: float) -> dict[str, Any]:
    ours = cost.per_file(names)
    return {
        "ratio": round(ours / fresh_s, 4),
        "budget": round(budget_s / fresh_s, 4),
        "against": "the three confined stages with an interpreter each, CPU s a file",
        "cpu_s": round(ours, 4),
        "peak_mb": cost.peak_mb,
        "n": cost.n_files,
        "detail": {
            "budget_cpu_s": budget_s,
            "by_part": {name: round(spent / cost.n_files, 4) for name, spent in cost.parts.items()},
            "by_stage": {
                name: {
                    "runs": len(runs),
                    "median": round(statistics.median(runs), 4),
                    "a_file": round(sum(runs) / cost.n_files, 4),
                }
                for name, runs in cost.stages.items()
            },
            "client_cpu_s": round(cost.client_s / cost.n_files, 4),
            "wall_s": round(cost.wall_s, 1),
            "theirs": {"cpu_s": round(fresh_s, 4)},
        },
    }
