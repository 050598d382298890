"""Runs one workload in this process and prints what it cost: ``python -m tests.benchmarks.measured_process``.

CPU seconds are those of all threads during the measured function only. Memory is private (anonymous)
memory, sampled while it runs; file pages that the kernel may drop at any time do not count.
"""

import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from tests.benchmarks.families import FAMILY_WORKLOADS
from tests.benchmarks.scan import Scan
from tests.benchmarks.workloads import WORKLOADS, clean

SAMPLE_S = 0.02
MIB = 1024


def read_private_mb() -> float:
    """Return anonymous resident memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / MIB
    return 0.0


class PeakSampler:
    """Samples private memory in a thread."""

    def __init__(self) -> None:
        self.peak_mb = read_private_mb()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.peak_mb = max(self.peak_mb, read_private_mb())


def read_cpu_s() -> float:
    """Return CPU seconds of this process, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(name: str, scan: Scan, work: Path) -> dict[str, Any]:
    """Run one workload and return its cost."""
    run = (WORKLOADS | FAMILY_WORKLOADS)[name](scan, work)
    base_mb = read_private_mb()
    with PeakSampler() as sampler:
        wall, cpu = time.perf_counter(), read_cpu_s()
        result = run()
        cpu_s, wall_s = read_cpu_s() - cpu, time.perf_counter() - wall
    repeats = result.get("repeats", 1)
    return {
        "cpu_s": cpu_s / repeats,
        "wall_s": wall_s / repeats,
        "peak_mb": sampler.peak_mb,
        "base_mb": base_mb,
        "result": result,
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the order from the command line: workload, raw file, scan_y, scan_x, detector_y, detector_x, folder."""
    name, path, *shape, work = sys.argv[1:]
    sizes = [int(size) for size in shape]
    scan = Scan(Path(path), (sizes[0], sizes[1], sizes[2], sizes[3]))
    clean(Path(work))
    try:
        _say(json.dumps(measure(name, scan, Path(work))))
    finally:
        clean(Path(work))


if __name__ == "__main__":
    main()
