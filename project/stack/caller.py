"""The `make` above this process: whether it still wants what it started."""

import os
import signal
from pathlib import Path

from project.stack.processes import read_name

_MAKES = frozenset({"make", "gmake"})


class Caller:
    """Notices that `make` was interrupted or killed alone.

    A terminal's Ctrl-C reaches every process of the group. A program or an init system signals `make` alone: it
    passes SIGTERM on to its children, but not SIGINT; then it stops catching SIGINT and waits for them for ever.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._is_make = read_name(self._pid) in _MAKES
        self._caught_interrupts = self._is_make and _catches_interrupts(self._pid)

    def has_given_up(self) -> bool:
        """Return whether `make` is gone, or only waits for this process to end."""
        if not self._is_make:
            return False
        if os.getppid() != self._pid:
            return True
        return self._caught_interrupts and not _catches_interrupts(self._pid)


def _catches_interrupts(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # not known: the parent's pid tells when it is gone
    masks = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(next(masks, "0"), 16) & 1 << (signal.SIGINT - 1))
