"""What one confined program may use: kernel limits and privileges of the child, lowered once and for good."""

import ctypes
import os
import resource
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one run; each is enforced by the kernel or by the parent, never by the program itself.

    Attributes
    ----------
    wall_s
        Seconds on the clock, start-up included; then the whole process group is killed.
    cpu_s
        Seconds of processor time over all threads (RLIMIT_CPU).
    data_bytes
        Private writable memory (RLIMIT_DATA). Memory-mapped inputs do not count, so a 100 GB scan may be
        mapped.
    file_bytes
        Size of any one file written (RLIMIT_FSIZE).
    free_bytes
        The run is stopped when less than this is left on the disk it writes to.
    """

    wall_s: float = 3600.0
    cpu_s: int = 3600
    data_bytes: int = GIB
    file_bytes: int = 4 * GIB
    free_bytes: int = 256 * MIB

    def as_dict(self) -> dict[str, Any]:
        """Return the form that crosses the pipe."""
        return asdict(self)


PR_SET_PDEATHSIG = 1
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1 << 1, 1 << 2
_OPEN_FILES = 1024
_SECONDS_BETWEEN_SOFT_AND_HARD_CPU_LIMIT = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def die_with_parent(parent: int) -> None:
    """Be killed when the parent dies, also when it died before this call."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def volunteer_for_the_out_of_memory_killer() -> None:
    """When the machine runs out of memory, this process goes before the worker and the database do."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:
        return  # no /proc, or not ours to write: only the order of victims is lost


def lower_limits(limits: Limits) -> None:
    """Apply `limits`; not RLIMIT_AS (refuses memory maps), not RLIMIT_NPROC (counts the user's threads)."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_DATA, limits.data_bytes)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + _SECONDS_BETWEEN_SOFT_AND_HARD_CPU_LIMIT)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(which)
    wanted = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        wanted = min(wanted, ceiling)
    resource.setrlimit(which, (min(soft, wanted), wanted))


def drop_capabilities() -> None:
    """Give up every capability but that of reaching files below closed folders, which Landlock narrows."""
    header = _CapabilityHeader(version=_CAPABILITY_VERSION_3, pid=0)
    sets = (_CapabilitySet * 2)()
    if _libc.capget(ctypes.byref(header), ctypes.byref(sets)) != 0:
        return
    kept = sets[0].permitted & (_CAP_DAC_OVERRIDE | _CAP_DAC_READ_SEARCH)
    sets[0].effective = sets[0].permitted = kept
    sets[0].inheritable = 0
    sets[1].effective = sets[1].permitted = sets[1].inheritable = 0
    if _libc.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")
