"""A conversion compiles nothing: inside the sandbox there is no cache to keep it in, and every run would pay again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba.core import event

from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.reductions.binning import bin_patterns
from processing.reductions.fused import PatternReducer
from processing.reductions.warm_up import compile_kernels
from tests.synthetic import make_pattern_scan, source_of
from tests.ties import tie

_CHECKOUT = Path(__file__).resolve().parents[3]
_TYPES = (
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
)
AnyArray = npt.NDArray[Any]


def as_written(block: AnyArray) -> AnyArray:
    return block.copy()


def as_decoded(block: AnyArray) -> AnyArray:
    return np.frombuffer(block.tobytes(), block.dtype).reshape(block.shape)


def at_an_odd_place(block: AnyArray) -> AnyArray:
    return np.frombuffer(b"x" + block.tobytes(), block.dtype, offset=1).reshape(block.shape)


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    compile_kernels()


@pytest.mark.parametrize("lie", [as_written, as_decoded, at_an_odd_place])
@pytest.mark.parametrize("dtype", _TYPES)
def test_a_conversion_compiles_nothing(
    tmp_path: Path, dtype: str, lie: Callable[[AnyArray], AnyArray]
) -> None:
    scan = make_pattern_scan(scan_shape=(4, 5), dtype="uint8").data.astype(dtype)
    blocks = source_of(scan, load=lambda region: lie(scan[region]))
    with event.install_recorder("numba:compile") as recorder:
        entry = convert_signal(
            blocks, tmp_path, options=ConversionOptions(threads=1), progress=lambda *_: None
        ).entry
    assert entry is not None
    assert entry.values is not None
    assert entry.values.n_values == scan.size
    assert [entry.data for _, entry in recorder.buffer if entry.is_start] == []


def test_absent_values_compile_nothing() -> None:
    patterns = np.ones((3, 8, 8), np.float32)
    patterns[0, 0, 0] = np.nan
    with event.install_recorder("numba:compile") as recorder:
        reduced = PatternReducer((8, 8), patterns.dtype, [np.ones((8, 8), dtype=bool)]).reduce(patterns)
        binned = bin_patterns(patterns, 2)
    assert reduced.n_nan == 1
    assert binned[0, 0, 0] == 3
    assert not recorder.buffer


def test_a_type_that_nobody_warmed_up_is_compiled_in_memory(tmp_path: Path) -> None:
    """It works with the cache out of reach, and leaves the cache as it was."""
    program = """
import numpy as np
from processing.reductions import kernels
from processing.reductions.warm_up import compile_in_memory_only
compile_in_memory_only()
print(*kernels.summarize_values(np.arange(3, dtype=np.int16), np.int64(0)))
"""
    ended = subprocess.run(
        tie(sys.executable, "-c", program),
        env={"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(_CHECKOUT), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "3 0 2\n", ended.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
