"""The logs of the parts: a fresh one at each start, a few older ones kept, none without bound."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

_KEPT = 5
LARGEST_BYTES = 64 * 2**20


def rotate_log(log: Path) -> None:
    """Keep the last few logs; the running one always has the plain name."""
    if not log.exists() or log.stat().st_size == 0:
        return
    _make_room(log)
    log.replace(log.with_name(f"{log.name}.1"))


def _make_room(log: Path) -> None:
    for number in range(_KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))


def read_tail(log: Path, lines: int = 20) -> str:
    """Return the end of a log, indented for a message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"


def trim_log(log: Path, *, largest: int = LARGEST_BYTES) -> None:
    """Set a log aside that has grown large while its part runs; the part goes on writing into the same file."""
    if not log.exists() or log.stat().st_size <= largest:
        return
    with suppress(OSError):  # a disk that takes nothing must not end the supervisor
        _set_aside(log)
        with log.open("r+b") as file:  # parts append, so their next line goes to the new end
            file.truncate(0)


def _set_aside(log: Path) -> None:
    """Copy a log beside itself; where there is no room for a copy it is let go, and its room with it."""
    _make_room(log)
    copy = log.with_name(f"{log.name}.1")
    try:
        shutil.copyfile(log, copy)
    except OSError:
        copy.unlink(missing_ok=True)


def open_log(log: Path) -> IO[bytes]:
    """Open a log for a part to append to; on a disk that takes nothing the part runs without one."""
    try:
        return log.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")
