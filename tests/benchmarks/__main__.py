"""``python -m tests.benchmarks``: measures ratios against their budgets and writes bench/results.json.

QUICK=1 uses a scan of 0.5 GB and three runs; REPEATS=n overrides the number of runs.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from tests.benchmarks import small_files
from tests.benchmarks.answers import measure_answers
from tests.benchmarks.families import FAMILIES, name_workloads, write_families
from tests.benchmarks.first_pictures import NAME, QUICK_GB, WHOLE_GB, measure_first_pictures
from tests.benchmarks.many_clients import measure_many_clients
from tests.benchmarks.promptness import measure_promptness
from tests.benchmarks.scan import QUICK, WHOLE, Scan, make_scan
from tests.benchmarks.workloads import open_raw
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS = CHECKOUT / "bench" / "results.json"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours against theirs; `measure` is the cost that the ratio is taken of."""

    name: str
    ours: str
    theirs: str
    against: str
    budget: float | None
    measure: str = "cpu_s"
    same_results: tuple[str, ...] = ()


COMPARISONS = (
    Comparison(
        "fused_reductions_raw",
        "reductions_ours",
        "reductions_libertem",
        "LiberTEM threads executor, raw file, same outputs",
        0.5,
        same_results=("bright", "total", "maximum"),
    ),
    Comparison(
        "convert_raw_to_zarr",
        "convert_ours",
        "convert_tensorstore",
        "bare tensorstore loop, same codec, hashes its output",
        1.2,
    ),
    Comparison(
        "convert_with_companion_reductions_and_verification",
        "convert_everything",
        "convert_tensorstore",
        "bare tensorstore loop, same codec, hashes its output",
        None,
    ),
    Comparison(
        "virtual_detector_from_companion",
        "companion_image",
        "full_pass",
        "a full pass over the same Zarr",
        0.02,
    ),
    Comparison(
        "random_patterns_against_hdf5",
        "patterns_zarr",
        "patterns_hdf5",
        "h5py on a contiguous dataset, 64 random patterns, wall time",
        1.5,
        measure="wall_s",
        same_results=("total",),
    ),
    Comparison(
        "random_patterns_against_memmap",
        "patterns_zarr",
        "patterns_memmap",
        "memory map of the raw file, 64 random patterns, wall time",
        1.5,
        measure="wall_s",
        same_results=("total",),
    ),
)


def _compare_family(name: str) -> Comparison:
    ours, theirs = name_workloads(name)
    against = "bare tensorstore loop over the same numbers in a plain file, same codec, hashes its output"
    return Comparison(f"read_{name}_to_zarr", ours, theirs, against, FAMILIES[name].budget)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run_once(workload: str, scan: Scan, folder: Path) -> dict[str, Any]:
    """Measure one workload in a fresh process."""
    command = tie(sys.executable, "-m", "tests.benchmarks.measured_process", workload, scan.path)
    command += [*(str(size) for size in scan.shape), str(folder / "work")]
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=CHECKOUT, env={**os.environ, **ONE_THREAD}
    )
    if finished.returncode:
        raise SystemExit(f"{workload} failed:\n{finished.stderr}")
    measured: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return measured


def compare(comparison: Comparison, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return one entry of the results."""
    ours, theirs = runs[comparison.ours], runs[comparison.theirs]
    for key in comparison.same_results:
        values = {run["result"][key] for run in (*ours, *theirs)}
        if len(values) != 1:
            raise SystemExit(f"{comparison.name}: results differ in {key}: {values}")
    ratios = [
        one[comparison.measure] / other[comparison.measure] for one, other in zip(ours, theirs, strict=True)
    ]

    def middle(measured: Sequence[dict[str, Any]], key: str) -> float:
        return float(statistics.median(run[key] for run in measured))

    return {
        "ratio": round(statistics.median(ratios), 4),
        "budget": comparison.budget,
        "against": comparison.against,
        "cpu_s": round(middle(ours, "cpu_s"), 4),
        "peak_mb": round(middle(ours, "peak_mb"), 1),
        "n": len(ours),
        "detail": {
            "measure": comparison.measure,
            "ratios": [round(ratio, 4) for ratio in ratios],
            "wall_s": round(middle(ours, "wall_s"), 4),
            "base_mb": round(middle(ours, "base_mb"), 1),
            "theirs": {
                key: round(middle(theirs, key), 4) for key in ("cpu_s", "wall_s", "peak_mb", "base_mb")
            },
        },
    }


def print_table(results: dict[str, dict[str, Any]]) -> None:
    """Print what was measured."""
    _say(f"{'benchmark':52} {'ratio':>7} {'budget':>7} {'cpu s':>9} {'their cpu s':>11} {'peak MB':>8}")
    for name, entry in results.items():
        budget = "-" if entry["budget"] is None else f"{entry['budget']:g}"
        if "theirs" not in entry["detail"]:
            continue
        mark = "" if entry["budget"] is None or entry["ratio"] <= entry["budget"] else "  over budget"
        theirs = entry["detail"]["theirs"]["cpu_s"]
        _say(
            f"{name:52} {entry['ratio']:7.3f} {budget:>7} {entry['cpu_s']:9.3f} {theirs:11.3f} "
            f"{entry['peak_mb']:8.0f}{mark}"
        )


def print_waits(results: dict[str, dict[str, Any]]) -> None:
    """Print how long a person waits, and what was promised."""
    for name, entry in results.items():
        mark = "" if entry["ratio"] <= entry["budget"] else "  over budget"
        _say(f"{name:52} {entry['detail']['wall_s']:.3f} s of {entry['detail']['promised_s']:g} s{mark}")


def print_loads(results: dict[str, dict[str, Any]]) -> None:
    """Print what many clients were answered."""
    for name, entry in results.items():
        detail = entry["detail"]
        _say(
            f"{name:14} {entry['n']} answers in {detail['seconds']:.0f} s, {detail['statuses']}, refused "
            f"{entry['ratio']:.1%}, p50 {detail['p50_s']} s, p95 {detail['p95_s']} s, "
            f"{detail['connections']} of {detail['planned_connections']} connections, {entry['peak_mb']:.0f} MB"
        )


def main() -> None:
    """Measure everything, interleaved, and write the results."""
    quick = os.environ.get("QUICK") == "1"
    repeats = int(os.environ.get("REPEATS", "3" if quick else "5"))
    comparisons = (*COMPARISONS, *(_compare_family(name) for name in FAMILIES))
    workloads = list(dict.fromkeys(name for one in comparisons for name in (one.ours, one.theirs)))
    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as temporary:
        folder = Path(temporary)
        scan = make_scan(folder, QUICK if quick else WHOLE)
        _say(f"scan of {scan.nbytes / 1e9:.2f} GB, {repeats} interleaved runs")
        convert_signal(open_raw(scan), scan.converted, options=ConversionOptions(), progress=lambda *_: None)
        write_families(scan)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in workloads}
        for number in range(repeats):
            for name in workloads:
                runs[name].append(run_once(name, scan, folder))
                _say(f"  {number + 1}/{repeats} {name}: {runs[name][-1]['cpu_s']:.3f} CPU s")
        early = measure_first_pictures(folder / "first", QUICK_GB if quick else WHOLE_GB)
        n_files = small_files.QUICK if quick else small_files.WHOLE
        small = small_files.measure_small_files(folder, n_files, _say)
        prompt = measure_promptness(folder / "promptness")
        prompt |= measure_answers(folder, _say)
    results = {comparison.name: compare(comparison, runs) for comparison in comparisons}
    results |= {NAME: early, **small, **prompt}
    _say("many clients of a running Stemma")
    loads = measure_many_clients(quick=quick)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**results, **loads}, indent=2) + "\n", encoding="utf-8")
    print_table(results)
    print_waits(prompt)
    print_loads(loads)


if __name__ == "__main__":
    main()
