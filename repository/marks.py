"""Marks of what permission decisions rest on, in memory that all processes of a host share.

Every deposit, account and session belongs to a group of subjects, and each group has a mark. Whoever remembers a
decision notes the marks of its subjects before it is made; a write that decides changes them before the writer goes on.
A decision whose marks are others now is made anew. Many subjects share a group: then one is asked again for nothing.
"""

import hashlib
import mmap
import os
import threading
from collections.abc import Iterable
from pathlib import Path

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

GROUPS = 4096
EVERYTHING = GROUPS
"""The group to which every decision belongs."""
WORD_FOR_EVERYTHING = "all"
DAMAGE = "damage"
"""The subject whose mark changes when stored bytes are found damaged, or good again."""
DIGITS = 3  # of a digest, in hexadecimal: as many as there are groups
_MARK_BYTES = 8
_SIZE = (GROUPS + 1) * _MARK_BYTES


def find_group(subject: str) -> int:
    """Return the group of a subject, such as `deposit:7q2m-x4dn`; the database computes the same."""
    return int(hashlib.sha256(subject.encode()).hexdigest()[:DIGITS], 16)


def read_group(word: str) -> int:
    """Return the group that the database names."""
    return EVERYTHING if word == WORD_FOR_EVERYTHING else int(word, 16)


class Marks:
    """The marks in one file, mapped into this process.

    A mark is not counted up but drawn anew: of two writers that meet, no count gets lost.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self.inode = os.fstat(file.fileno()).st_ino
            self._memory = mmap.mmap(file.fileno(), _SIZE)

    def read_all(self) -> bytes:
        """Return all marks as they are now."""
        return self._memory[:]

    def pick(self, groups: Iterable[int]) -> tuple[bytes, ...]:
        """Return the marks of some groups as they are now."""
        return pick_marks(self._memory, groups)

    def change(self, groups: Iterable[int]) -> None:
        """Let every decision of these groups be made anew."""
        for group in groups:
            self._memory[group * _MARK_BYTES : (group + 1) * _MARK_BYTES] = os.urandom(_MARK_BYTES)


def pick_marks(marks: bytes | mmap.mmap, groups: Iterable[int]) -> tuple[bytes, ...]:
    """Return the marks of some groups out of all of them."""
    return tuple(marks[group * _MARK_BYTES : (group + 1) * _MARK_BYTES] for group in groups)


_lock = threading.Lock()
_known: dict[Path, Marks] = {}
_is_missed: set[Path] = set()


def find_marks() -> Marks | None:
    """Return the marks of this host; `None` where the file cannot be had, and nothing may be remembered.

    A file that was removed is made again: all processes come to the one that lies there now.
    """
    path: Path = settings.STEMMA_HOME / "cache" / "decision-marks"
    known = _known.get(path)
    try:
        if known is not None and path.stat().st_ino == known.inode:
            return known
    except OSError:
        known = None
    with _lock:
        try:
            _make(path)
            _known[path] = Marks(path)
        except (OSError, ValueError) as fault:
            if path not in _is_missed:
                log.warning("marks_away", path=str(path), reason=str(fault))
                _is_missed.add(path)
            return None
        _is_missed.discard(path)
        return _known[path]


def change_marks(groups: Iterable[int]) -> None:
    """Let every decision of these groups be made anew on this host; other hosts hear it from the database."""
    marks = find_marks()
    if marks is not None:
        marks.change(groups)


def _make(path: Path) -> None:
    """Make the file where there is none, whole and with marks that no process has noted."""
    if path.exists() and path.stat().st_size == _SIZE:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        # Every byte is written: a page without room on the disk would kill the process that changes it.
        fresh.write_bytes(os.urandom(_SIZE))
        if path.exists():
            fresh.replace(path)  # of another version of Stemma, with another number of groups
        else:
            os.link(fresh, path)
    except FileExistsError:
        return  # another process was quicker
    finally:
        fresh.unlink(missing_ok=True)
