"""The libraries of readers and converters work inside."""

import os
import subprocess
import sys
from pathlib import Path

import h5py

from confined.sandbox import collect_output
from tests.patience import patient
from tests.ties import tie
from tests.unit.sandbox.conftest import Run

_CHECKOUT = Path(__file__).resolve().parents[3]


def test_threads_run(run: Run) -> None:
    assert run("honest:use_threads") == {"threads": 8}


def test_hdf5_is_read(run: Run, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "object", "w") as file:
        file.create_dataset("x", data=[1, 2, 3], compression="gzip")
    assert run("read_formats:main", {"name": "a.h5"}, inputs={"a.h5": tmp_path / "object"}) == {"sum": 6}


def test_tensorstore_writes_sharded_zarr(run: Run, output: Path) -> None:
    assert run("write_zarr:main") == {"same": True}
    names = list(collect_output(output))
    assert "data/zarr/zarr.json" in names
    assert len([name for name in names if "/c/" in name]) == 4


def test_numba_compiles_with_threads_and_private_cache(run: Run) -> None:
    result = run("compile_numba:main", wall_s=patient(120), cpu_s=int(patient(120)))
    assert (result["total"], result["largest"], result["cache_hits"]) == (499500.0, 999.0, 0)


def test_numba_takes_compiled_code_from_a_trusted_cache(run: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    warm = "from tests.unit.sandbox.programs.compile_numba import *; largest(np.arange(3.0))"
    subprocess.run(tie(sys.executable, "-c", warm), env=environment, cwd=_CHECKOUT, check=True)
    kept = sorted(path.stat().st_mtime_ns for path in cache.rglob("*.nb?"))
    assert kept
    limits = {"wall_s": patient(120), "cpu_s": int(patient(120))}
    assert run("compile_numba:main", compiled_cache=cache, **limits)["cache_hits"] == 1
    assert sorted(path.stat().st_mtime_ns for path in cache.rglob("*.nb?")) == kept


def test_vendor_libraries_import_without_leaving_threads(run: Run) -> None:
    modules = run("read_vendor:main")["modules"]
    assert modules == ["hdf5plugin", "rsciio.blockfile", "rsciio.digitalmicrograph"]
