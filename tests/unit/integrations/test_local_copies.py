"""Local copies on a disk without room: what nobody uses goes first, and the reserve stays."""

import hashlib
import os
from pathlib import Path

import pytest

from repository.errors import DiskFullError
from repository.integrations.local_copies import LocalCopies

FIRST, SECOND = b"e" * 1000, b"p" * 1000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_copies(root: Path, room: int) -> LocalCopies:
    """Return copies in a folder that has room for so many bytes."""

    def check_room(size: int) -> None:
        used = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        if used + size > room:
            raise DiskFullError("No room.")

    return LocalCopies(root, limit_bytes=10**9, check_room=check_room)


def test_what_nobody_has_used_for_long_makes_room(tmp_path: Path) -> None:
    copies = make_copies(tmp_path, 1500)
    first = copies.provide(sha256(FIRST), lambda: [FIRST])
    os.utime(first, (0, 0))
    second = copies.provide(sha256(SECOND), lambda: [SECOND])
    assert second.read_bytes() == SECOND
    assert not first.exists()


def test_a_copy_in_use_stays_and_the_new_one_is_refused(tmp_path: Path) -> None:
    copies = make_copies(tmp_path, 1500)
    first = copies.provide(sha256(FIRST), lambda: [FIRST])
    with pytest.raises(DiskFullError):
        copies.provide(sha256(SECOND), lambda: [SECOND[:400], SECOND[400:]])
    assert first.read_bytes() == FIRST
    assert list((tmp_path / "incoming").iterdir()) == [], "nothing half is left"
