"""Hundreds of linked files through reader and conversion: memory stays a few blocks, and few are open."""

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
