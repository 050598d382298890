"""How early a person sees what a large file is: header report and first pictures against the conversion.

``python -m tests.benchmarks.first_pictures [GB]`` measures it alone and writes its entry into bench/results.json.

The very programs of the jobs run, confined and forked from a zygote as in a worker that has had work before, once
each in this order: recognize, open, first pictures, then the whole conversion of the same file. One run, wall time:
both sides meet the same machine.
"""

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confined.sandbox import Limits, Preparation, ZygoteKeeper, run_confined
from ingest.formats.empad.reader import COLUMNS, FRAME_BYTES, RAW_ROWS
from processing.declarations.manifest import Order
from tests.synthetic import render_disk
from tests.ties import tie

NAME = "header_and_first_pictures"
PROGRAMS = {
    "recognize": "ingest.programs.recognize_files:main",
    "open": "ingest.programs.open_file:main",
    "first_pictures": "processing.engine.preview_program:main",
    "convert": "processing.engine.convert_program:main",
}
EARLY = ("recognize", "open", "first_pictures")
BUDGET = 0.01
WHOLE_GB, QUICK_GB = 10.0, 0.5
RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"
LIMITS = Limits(wall_s=7200, cpu_s=28_800, data_bytes=3 << 30)
HEADER = (
    '<root><raw_file filename="scan.raw"/><pix_x>{columns}</pix_x><pix_y>{rows}</pix_y>'
    "<timestamp isoformat='2026-01-02T03:04:05'/></root>"
)


def write_scan(folder: Path, gigabytes: float) -> dict[str, Path]:
    """Write an EMPAD scan of counted electrons: the same row of patterns again and again, each at its brightness."""
    side = round((gigabytes * 1e9 / FRAME_BYTES) ** 0.5)
    disk = render_disk((RAW_ROWS, COLUMNS), (63.5, 63.5), 20.0) + 0.01
    frames = np.random.default_rng(3).poisson(disk, (side, RAW_ROWS, COLUMNS)).astype("<f4")
    frames *= 1 + np.arange(side, dtype="<f4")[:, None, None] // 32
    row = frames.tobytes()
    raw = folder / "scan.raw"
    with raw.open("wb") as file:
        for _ in range(side):
            file.write(row)
    header = folder / "scan.xml"
    header.write_text(HEADER.format(columns=side, rows=side), encoding="utf-8")
    return {"scan.xml": header, "scan.raw": raw}


def compile_ahead(folder: Path) -> Path:
    """Compile the reductions once, as an installation does when its worker starts."""
    program = "from processing.reductions.warm_up import compile_kernels; compile_kernels()"
    subprocess.run(tie(sys.executable, "-c", program), check=True, env={"NUMBA_CACHE_DIR": str(folder)})
    return folder


class _Endings(logging.Handler):
    """Notes what the sandbox logs of each run: CPU seconds and peak memory of the confined process."""

    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[str, float, float] = ("", 0.0, 0.0)

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("confined run: ") and isinstance(record.args, tuple):
            _, way, _, _, _, cpu_s, peak_mib = record.args
            self.last = (str(way), float(str(cpu_s)), float(str(peak_mib)))


@dataclass(frozen=True, slots=True)
class _Bench:
    """One installation: its zygote and its folder."""

    folder: Path
    inputs: Mapping[str, Path]
    compiled: Path
    zygotes: ZygoteKeeper
    endings: _Endings

    def run(self, name: str, request: dict[str, Any]) -> "_Cost":
        """Run one confined program and return what it cost, with its answer."""
        output = self.folder / f"{name}-{time.monotonic_ns()}" / "output"
        output.mkdir(parents=True)
        begin = time.perf_counter()
        answer = run_confined(
            program=PROGRAMS[name],
            request=request,
            inputs=self.inputs,
            output=output,
            limits=LIMITS,
            on_message=lambda _: None,
            compiled_cache=self.compiled,
            zygotes=self.zygotes,
        )
        wall = time.perf_counter() - begin
        way, cpu, peak = self.endings.last
        sys.stdout.write(f"  {name}: {wall:.2f} s, {cpu:.2f} CPU s ({way})\n")
        sys.stdout.flush()
        return _Cost(wall, cpu, peak, way, answer)


@dataclass(frozen=True, slots=True)
class _Cost:
    wall_s: float
    cpu_s: float
    peak_mib: float
    way: str
    answer: dict[str, Any]


def _start(folder: Path, inputs: Mapping[str, Path]) -> _Bench:
    compiled = compile_ahead(folder / "compiled")
    endings = _Endings()
    log = logging.getLogger("confined.sandbox.running")
    log.addHandler(endings)
    log.setLevel(logging.INFO)
    zygotes = ZygoteKeeper(lambda: Preparation(tuple(PROGRAMS.values()), compiled), {})
    return _Bench(folder, inputs, compiled, zygotes, endings)


def measure_first_pictures(folder: Path, gigabytes: float) -> dict[str, Any]:
    """Return the entry of the results."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = write_scan(folder, gigabytes)
    size = sum(path.stat().st_size for path in inputs.values())
    opening = {"format": "empad", "files": list(inputs), "hints": {}}
    order = Order(format="empad", files=tuple(inputs)).as_dict()
    bench = _start(folder, inputs)
    bench.run("open", opening)  # the worker's first job starts its zygote
    requests: dict[str, dict[str, Any]] = {
        "recognize": {"listing": list(inputs)},
        "open": opening,
        "first_pictures": order,
        "convert": order,
    }
    runs = {name: bench.run(name, request) for name, request in requests.items()}
    wall = {name: run.wall_s for name, run in runs.items()}
    cpu = {name: run.cpu_s for name, run in runs.items()}
    peak_mb = max(runs[name].peak_mib for name in EARLY)
    pictures = runs["first_pictures"].answer
    early = sum(wall[name] for name in EARLY)
    (previewed,) = pictures["signals"]
    return {
        "ratio": round(early / wall["convert"], 5),
        "budget": BUDGET if gigabytes >= WHOLE_GB else None,
        "against": "the conversion of the same file, wall time, each forked from a zygote",
        "cpu_s": round(sum(cpu[name] for name in EARLY), 4),
        "peak_mb": round(peak_mb, 1),
        "n": 1,
        "detail": {
            "measure": "wall_s",
            "ways": {name: run.way for name, run in runs.items()},
            "file_gb": round(size / 1e9, 2),
            "bytes_read": previewed["bytes_read"],
            "pictures": [entry["name"] for entry in previewed["previews"]],
            "wall_s": round(early, 3),
            "steps_wall_s": {name: round(seconds, 3) for name, seconds in wall.items()},
            "steps_cpu_s": {name: round(seconds, 3) for name, seconds in cpu.items()},
            "theirs": {"cpu_s": round(cpu["convert"], 3), "wall_s": round(wall["convert"], 3)},
        },
    }


def main() -> None:
    """Measure a file of the size that the command line gives."""
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else WHOLE_GB
    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as temporary:
        entry = measure_first_pictures(Path(temporary), gigabytes)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**known, NAME: entry}, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(entry, indent=2) + "\n")


if __name__ == "__main__":
    main()
