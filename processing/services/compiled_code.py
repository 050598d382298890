"""Numba's compiled kernels: made once per installation by a trusted process, loaded by runs before they close."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import structlog
from django.conf import settings

import processing.reductions
from repository.errors import TransientError

log = structlog.get_logger(__name__)
# The compiler ends with the worker that waits for it.
PROGRAM = (
    "import sys; from confined.sandbox.resource_limits import die_with_parent; die_with_parent(int(sys.argv[1])); "
    "from processing.reductions.warm_up import compile_kernels; compile_kernels()"
)
LONGEST_S = 600


def find_compiled_code() -> Path | None:
    """Return the folder of compiled kernels, or None while they are not all there."""
    folder = _folder()
    return folder if (folder / "complete").exists() else None


def prepare_compiled_code() -> Path:
    """Return the folder of compiled kernels, compiling them where this version's are not there yet."""
    folder = _folder()
    stamp = folder / "complete"
    if stamp.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second worker waits for the first one's result
        if not stamp.exists():
            _compile_into(folder)
            stamp.touch()
    return folder


def _compile_into(folder: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    try:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(os.getpid())],
            check=True,
            env=environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            timeout=LONGEST_S,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as fault:
        detail = (fault.stderr or b"").decode(errors="replace")[-1000:]
        log.warning("reductions_not_compiled", detail=detail or str(fault))
        raise TransientError("The reductions could not be compiled; the log says why.") from fault


def _folder() -> Path:
    return Path(settings.STEMMA_HOME) / "cache" / "compiled" / _version()


def _version() -> str:
    """Return a name that changes with the source of the reductions and with the interpreter."""
    hasher = hashlib.sha256(sys.version.encode())
    folder = Path(processing.reductions.__file__).parent
    for source in sorted(folder.glob("*.py")):
        hasher.update(source.read_bytes())
    return hasher.hexdigest()[:16]
