"""The logs of the parts: a fresh one at each start, a few older ones kept, none without bound."""

import shutil
from pathlib import Path

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
    _make_room(log)
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as file:  # parts append, so their next line goes to the new end
        file.truncate(0)
