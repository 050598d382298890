"""20 GB of frames, sparse: opened, and a part of them converted, in bounded memory."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.realdata import CHECKOUT
from tests.ties import tie
from tests.vendor_files.seq import build_header, write_config

SCAN, SIDE, ROWS = 200, 512, 4
FRAMES, FRAME_BYTES = SCAN * SCAN, SIDE * SIDE * 2
STRIDE = FRAME_BYTES + 8192
WRITTEN = range(0, ROWS * SCAN, 3)  # frames that hold something, each a number of its own

CONVERT_A_PART = """
import json, sys
from dataclasses import replace
from pathlib import Path
from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.reductions.warm_up import compile_kernels

rows, columns, form, out, *names = sys.argv[1:]
compile_kernels()
files = {Path(name).name: Path(name) for name in names}
with open_measurement(form, files, ReadHints(scan_shape=(int(columns), int(columns)))) as opened:
    signal = opened.signals[0]
    last = signal.read((slice(int(columns) - 1, int(columns)), slice(int(columns) - 2, int(columns))))
    axes = (replace(signal.axes[0], size=int(rows)), *signal.axes[1:])
    part = replace(signal, shape=(int(rows), *signal.shape[1:]), axes=axes)
    entry = convert_signal(part, Path(out), options=ConversionOptions(threads=2), progress=lambda *_: None).entry
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"peak_mb": peak / 1024, "sum": entry.values.sum_of_counts, "bytes": signal.nbytes,
                  "shape": signal.shape, "last": int(last.sum())}))
"""


def fill(path: Path, head: bytes, offset: int, stride: int, *, rows: int = SIDE, number: int = 1) -> None:
    """Write a sparse file of `FRAMES` frames, of which some hold `number` in every pixel of `rows` rows."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(offset + FRAMES * stride)
        for frame in WRITTEN:
            file.seek(offset + frame * stride)
            file.write(np.full((rows, SIDE), number, "<u2").tobytes())
        file.seek(offset + (FRAMES - 1) * stride)
        file.write(np.full((rows, SIDE), number, "<u2").tobytes())


def write_sequence(folder: Path) -> tuple[str, list[Path]]:
    path = folder / "scan.seq"
    fill(path, build_header((SIDE, SIDE), FRAMES, STRIDE), 8192, STRIDE)
    return "seq", [path]


def write_celeritas(folder: Path) -> tuple[str, list[Path]]:
    halves = [folder / f"scan_{half}_1.seq" for half in ("Top", "Bottom")]
    stride = FRAME_BYTES // 2 + 8192
    for half in halves:
        fill(half, build_header((SIDE // 2, SIDE), FRAMES, stride), 8192, stride, rows=SIDE // 2)
    return "seq", [*halves, write_config(folder / "scan.seq.Config.Metadata.xml", (SIDE, SIDE))]


def write_movie(folder: Path) -> tuple[str, list[Path]]:
    head = bytearray(1024)
    struct.pack_into("<4i", head, 0, SIDE, SIDE, FRAMES, 6)
    struct.pack_into("<3i", head, 28, SIDE, SIDE, FRAMES)
    head[208:214] = b"MAP DD"
    path = folder / "scan.mrc"
    fill(path, bytes(head), 1024, FRAME_BYTES)
    return "mrc", [path]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("write", [write_sequence, write_celeritas, write_movie])
def test_twenty_gigabytes_are_opened_and_a_part_converted_below_800_megabytes(
    write: Callable[[Path], tuple[str, list[Path]]], tmp_path: Path
) -> None:
    form, paths = write(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}
    arguments = [str(ROWS), str(SCAN), form, str(tmp_path / "out"), *map(str, paths)]
    finished = subprocess.run(
        tie(sys.executable, "-c", CONVERT_A_PART, *arguments),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=CHECKOUT,
    )
    measured = json.loads(finished.stdout)
    assert measured["shape"] == [SCAN, SCAN, SIDE, SIDE]
    assert measured["bytes"] > 20e9
    assert measured["sum"] == len(WRITTEN) * SIDE * SIDE
    assert measured["last"] == SIDE * SIDE
    assert measured["peak_mb"] < 800
