"""Files of any size are converted in bounded memory: those of `tests/sizes_tried.csv`, each in its own process."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from processing.declarations.manifest import Order, OrderLimits
from tests import large_files
from tests.realdata import CHECKOUT
from tests.ties import tie

MOST_MB = 800
PROGRAM = """
import json, sys
from pathlib import Path
from processing.engine import convert_program

request, folder, output = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
answer = convert_program.main(request, folder, output, lambda _: None)
# Not getrusage: its maximum outlives exec and holds what the test process itself once used.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
bytes_read = sum(signal["bytes_read"] for signal in answer["signals"])
print(json.dumps({"peak_mb": peak / 1024, "bytes_read": bytes_read, "values": answer["signals"][0]["values"]}))
"""


def list_sizes() -> list[Any]:
    with (CHECKOUT / "tests" / "sizes_tried.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        pytest.param(row["written_by"], round(float(row["gigabytes"]) * 10**9), id=row["written_by"])
        for row in rows
    ]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("written_by", "nbytes"), list_sizes())
def test_a_large_file_is_converted_below_800_megabytes(written_by: str, nbytes: int, tmp_path: Path) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    output.mkdir()
    large = getattr(large_files, written_by)(folder, nbytes)
    order = Order(format=large.format, files=tuple(large.files), limits=OrderLimits(threads=2))
    finished = subprocess.run(
        tie(sys.executable, "-c", PROGRAM, json.dumps(order.as_dict()), folder, output),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"},
        cwd=CHECKOUT,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    measured = json.loads(finished.stdout)
    assert measured["values"]["n_values"] > nbytes / 5
    assert measured["peak_mb"] < MOST_MB, measured
