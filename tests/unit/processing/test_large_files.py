"""Sparse files of 20 GB, and hundreds of linked ones, through reader and conversion: memory stays a few blocks."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.realdata import CHECKOUT
from tests.ties import tie
from tests.vendor_files.dectris import write_data_file, write_master
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
order = json.loads(sys.argv[1])
files = {Path(name).name: Path(name) for name in order["files"]}
with open_measurement(order["format"], files, ReadHints(scan_shape=tuple(order["scan_shape"]))) as opened:
    source = opened.signals[0]
    options = ConversionOptions(threads=2, verify=False)
    entry = convert_signal(source, Path(sys.argv[2]), options=options, progress=lambda *_: None).entry
    dead = len(source.dead_pixels)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_mb": peak / 1024, "sum": entry.values.sum_of_counts, "shape": source.shape, "dead": dead}))
"""


def convert(form: str, files: Sequence[Path], scan_shape: tuple[int, int], target: Path) -> dict[str, Any]:
    """Convert in a process of its own, and return what it measured."""
    order = {"format": form, "files": [str(path) for path in files], "scan_shape": scan_shape}
    finished = subprocess.run(
        tie(sys.executable, "-c", CONVERT, json.dumps(order), target),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"},
        cwd=CHECKOUT,
    )
    measured: dict[str, Any] = json.loads(finished.stdout)
    return measured


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
    measured = convert("mib", [path], (rows, columns), tmp_path / "out")
    assert measured["shape"] == [rows, columns, SIDE + 2, SIDE + 2]
    assert measured["dead"] == 2
    assert measured["sum"] == 9 * ones.size
    assert measured["peak_mb"] < 800, measured


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_five_hundred_linked_files_convert_below_800_megabytes(tmp_path: Path) -> None:
    """Four gigabytes in files of 50 frames: more than may be open at once."""
    n_files, per_file, side = 500, 50, 192
    frames = np.random.default_rng(1).poisson(0.2, (per_file, side, side)).astype(np.uint32)
    template = write_data_file(tmp_path / "s_data_000001.h5", frames)
    data = [template]
    for number in range(2, n_files + 1):
        path = tmp_path / f"s_data_{number:06d}.h5"
        path.write_bytes(template.read_bytes())
        first = (number - 1) * per_file + 1
        with h5py.File(path, "r+") as file:
            said = {"image_nr_low": first, "image_nr_high": first + per_file - 1}
            file["entry/data/data"].attrs.update({key: np.uint64(value) for key, value in said.items()})
        data.append(path)
    master = write_master(tmp_path / "s_master.h5", [path.name for path in data], triggers=n_files * per_file)
    measured = convert("dectris", [master, *data], (125, 200), tmp_path / "out")
    assert measured["shape"] == [125, 200, side, side]
    assert measured["sum"] == int(frames.sum(dtype=np.uint64)) * n_files
    assert measured["peak_mb"] < 800, measured
