"""One supervisor per home."""

import fcntl
from typing import IO

from repository.project.stack.home import StackHome


class HomeLock:
    """A lock that the kernel releases however its holder ends; children do not inherit it."""

    def __init__(self, home: StackHome) -> None:
        self._path = home.lock
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock; return whether that worked."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def is_locked(home: StackHome) -> bool:
    """Tell whether a supervisor holds this home now."""
    lock = HomeLock(home)
    if lock.acquire():
        lock.release()
        return False
    return True
