"""Sparse files of 20 GB through reader and conversion: memory stays that of a few blocks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.realdata import CHECKOUT
from tests.ties import tie
from tests.vendor_files.mib import frame_header

GIGABYTES = 20
SIDE = 512
FEWEST = 2_100  # frames whose headers are looked at

CONVERT = """
import json, sys
from pathlib import Path
from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.reductions.warm_up import compile_kernels

compile_kernels()
rows, columns = int(sys.argv[3]), int(sys.argv[4])
path = Path(sys.argv[1])
with open_measurement("mib", {path.name: path}, ReadHints(scan_shape=(rows, columns))) as opened:
    source = opened.signals[0]
    options = ConversionOptions(threads=2, verify=False)
    entry = convert_signal(source, Path(sys.argv[2]), options=options, progress=lambda *_: None).entry
    dead = len(source.dead_pixels)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_mb": peak / 1024, "sum": entry.values.sum_of_counts, "shape": source.shape, "dead": dead}))
"""


def write_sparse_mib(path: Path, rows: int, columns: int, written: dict[int, np.ndarray]) -> Path:
    """Write a sparse run of 514² frames, with the headers that are looked at, and a few whole frames."""
    side = SIDE + 2
    stride = 768 + side * side * 2
    frames = rows * columns
    with path.open("wb") as handle:
        handle.truncate(frames * stride)
        for number in {*range(min(FEWEST, frames)), frames - 1, *written}:
            handle.seek(number * stride)
            handle.write(frame_header(number + 1, (side, side), "U16", 12, chips=4, layout="2x2G"))
            if number in written:
                handle.write(written[number].astype(">u2").tobytes())
    return path


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_twenty_gigabytes_of_mib_convert_below_800_megabytes(tmp_path: Path) -> None:
    rows = columns = int((GIGABYTES * 10**9 / (768 + (SIDE + 2) ** 2 * 2)) ** 0.5) + 1
    ones = np.ones((SIDE + 2, SIDE + 2), np.uint16)
    written = {0: ones, rows * columns // 2: 3 * ones, rows * columns - 1: 5 * ones}
    path = write_sparse_mib(tmp_path / "large.mib", rows, columns, written)
    assert path.stat().st_size > GIGABYTES * 10**9
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}
    finished = subprocess.run(
        tie(sys.executable, "-c", CONVERT, path, tmp_path / "out", str(rows), str(columns)),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=CHECKOUT,
    )
    measured = json.loads(finished.stdout)
    assert measured["shape"] == [rows, columns, SIDE + 2, SIDE + 2]
    assert measured["dead"] == 2
    assert measured["sum"] == 9 * ones.size
    assert measured["peak_mb"] < 800, measured
