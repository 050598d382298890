"""What one confined program may use."""

from dataclasses import asdict, dataclass
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
    output_bytes
        Sum of all result files; checked when they are collected.
    free_bytes
        The run is stopped when less than this is left on the disk it writes to.
    """

    wall_s: float = 3600.0
    cpu_s: int = 3600
    data_bytes: int = GIB
    file_bytes: int = 4 * GIB
    output_bytes: int = 1 << 42
    free_bytes: int = 256 * MIB

    def as_dict(self) -> dict[str, Any]:
        """Return the form that crosses the pipe."""
        return asdict(self)
