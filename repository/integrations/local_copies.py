"""Local copies of objects that live elsewhere, for readers that need a file.

A copy is whole, verified and read-only, or it is not there. The folder is bounded: the copies used least
recently go first, but never one that a reader may still have to open.
"""

import fcntl
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from repository.errors import DiskFullError
from repository.integrations.object_store import DigestMismatchError, hash_file, remove_drafts

SLOWEST_BYTES_PER_S = 5e6
"""A reader slower than this is taken for hung, so its file is not needed any longer."""


class LocalCopies:
    """Copies ``<root>/sha256/ab/<digest>``, shared by all processes of this machine.

    Parameters
    ----------
    root
        A folder of its own.
    limit_bytes
        Size that the copies together should not exceed. Copies in use are kept even beyond it.
    rest_s
        Seconds for which a copy is left alone after its last use, beside the time that reading it may take.
    check_room
        Asked with a number of bytes before they are written; raises where the disk has no room for them.
    """

    def __init__(
        self,
        root: Path,
        *,
        limit_bytes: int,
        rest_s: float = 1800.0,
        check_room: Callable[[int], None] | None = None,
    ) -> None:
        self.root = root
        self._check_room = check_room
        self._limit_bytes = limit_bytes
        self._rest_s = rest_s

    def draft_path(self) -> Path:
        """Return a new name on the same file system, for bytes that are not whole yet."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def provide(self, digest: str, fetch: Callable[[], Iterable[bytes]]) -> Path:
        """Return the copy of an object, fetched unless it is there.

        Raises
        ------
        DigestMismatchError
            What was fetched is not the object; no copy is kept.
        """
        target = self._path(digest)
        if self._touch(target):
            return target
        draft = self.draft_path()
        try:
            self._fetch(draft, digest, fetch)
            draft.chmod(0o444)
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                draft.replace(target)
                self._evict()
        finally:
            draft.unlink(missing_ok=True)
        return target

    def forget(self, digest: str) -> None:
        """Remove the copy of an object, where there is one."""
        self._path(digest).unlink(missing_ok=True)

    def discard_damaged(self, digest: str) -> None:
        """Remove the copy of an object where its bytes changed on this disk: the next reader has it fetched anew."""
        path = self._path(digest)
        try:
            found, _ = hash_file(path)
        except FileNotFoundError:
            return
        if found != digest:
            path.unlink(missing_ok=True)

    def remove_leftovers(self, *, older_than: float) -> int:
        """Delete drafts that nobody has written to since `older_than` (seconds since 1970); return how many."""
        return remove_drafts(self.root / "incoming", older_than=older_than)

    def _path(self, digest: str) -> Path:
        return self.root / "sha256" / digest[:2] / digest

    def _touch(self, target: Path) -> bool:
        """Note the use of a copy; the lock keeps it from being evicted between the look and the note."""
        with self._locked():
            try:
                os.utime(target)
            except FileNotFoundError:
                return False
            return True

    def _fetch(self, draft: Path, digest: str, fetch: Callable[[], Iterable[bytes]]) -> None:
        hasher = hashlib.sha256()
        with draft.open("xb") as sink:
            for block in fetch():
                self._make_room(len(block))
                hasher.update(block)
                sink.write(block)
        if hasher.hexdigest() != digest:
            raise DigestMismatchError(f"the object {digest} arrived with the sha256 {hasher.hexdigest()}")

    def _make_room(self, size: int) -> None:
        """Ask for room; where there is none, give up first what nobody has used for a while."""
        if self._check_room is None:
            return
        try:
            self._check_room(size)
        except DiskFullError:
            with self._locked():
                self._evict(limit_bytes=0)
            self._check_room(size)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude the other processes of this machine; the lock ends with the process that holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _evict(self, *, limit_bytes: int | None = None) -> None:
        """Delete the copies used least recently until the rest fit; also drafts of processes that were killed."""
        now = time.time()
        for draft in (self.root / "incoming").iterdir():
            if self._is_at_rest(draft, now):
                draft.unlink(missing_ok=True)
        copies = [(path.stat(), path) for path in (self.root / "sha256").glob("*/*")]
        excess = sum(status.st_size for status, _ in copies) - (
            self._limit_bytes if limit_bytes is None else limit_bytes
        )
        for status, path in sorted(copies, key=lambda copy: copy[0].st_mtime):
            if excess <= 0:
                return
            if self._is_at_rest(path, now):
                path.unlink()
                excess -= status.st_size

    def _is_at_rest(self, path: Path, now: float) -> bool:
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        return now - status.st_mtime > self._rest_s + status.st_size / SLOWEST_BYTES_PER_S
