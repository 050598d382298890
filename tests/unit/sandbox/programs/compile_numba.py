"""Compile with numba, threads included, with and without its cache."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np


@numba.njit(parallel=True)
def total(values: Any) -> Any:
    result = 0.0
    for index in numba.prange(values.size):
        result += values[index]
    return result


@numba.njit(cache=True)
def largest(values: Any) -> Any:
    result = values[0]
    for value in values:
        result = max(result, value)
    return result


largest(np.arange(3.0))  # as our programs do: once confined, the cache on disk is out of reach


def main(
    _request: dict[str, Any], _folder: Path, _output: Path, _send: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    values = np.arange(1000, dtype=np.float64)
    started = time.perf_counter()
    top = float(largest(values))
    compiled_s = time.perf_counter() - started
    return {
        "total": float(total(values)),
        "largest": top,
        "compiled_s": compiled_s,
        "cache_hits": sum(largest.stats.cache_hits.values()),
    }
