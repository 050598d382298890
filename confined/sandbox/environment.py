"""The whole environment of a confined process, and of the zygote: nothing of the worker's comes along."""

import os
from pathlib import Path

import confined

CODE_ROOT = Path(confined.__file__).resolve().parent.parent
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "BLOSC_NTHREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def run_environment(temporary: Path, compiled_cache: Path | None) -> dict[str, str]:
    """Return the environment of one run.

    A compiled cache is read before the process confines itself and out of its reach afterwards, so that no reader
    can plant code for the next.
    """
    return {
        **_common(),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "NUMBA_CACHE_DIR": str(compiled_cache or temporary / "numba"),
    }


def zygote_environment(compiled_cache: Path | None) -> dict[str, str]:
    """Return the environment in which programs are imported ahead."""
    cache = {} if compiled_cache is None else {"NUMBA_CACHE_DIR": str(compiled_cache)}
    return {**_common(), "HOME": "/nonexistent", **cache}


def _common() -> dict[str, str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(CODE_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "PYTHONFAULTHANDLER": "1",
        "HDF5_USE_FILE_LOCKING": "FALSE",  # inputs are read-only and immutable
        **dict.fromkeys(_THREAD_VARIABLES, "1"),
    }
    if "LD_LIBRARY_PATH" in os.environ:  # some interpreters do not start without it
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment
