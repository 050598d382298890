"""File systems of a test's own: small ones, and folders made read-only. Skipped where that is not allowed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ties import tie


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[Path]:
    """Mount a file system of so many bytes, in memory, while the block runs."""
    _mount("-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(tie("umount", "--lazy", folder), check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only for every account, root included, while the block runs."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(tie("umount", "--lazy", folder), check=True)


def _mount(*words: str) -> None:
    try:
        done = subprocess.run(tie("mount", *words), check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip(f"a file system of one's own cannot be mounted here: {done.stderr.strip()}")
