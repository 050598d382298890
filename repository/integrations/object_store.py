"""Stored bytes, addressed by their sha256.

An object is written once and never changes, so its digest is its name, its ETag and its proof of fixity.
Callers know the :class:`ObjectStore` protocol only; another kind of store is another module that fulfils it.
"""

import errno
import hashlib
import os
import re
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

BLOCK_BYTES = 1 << 20
"""Bytes per read: large enough that hashing, not system calls, sets the pace."""

_LOST = {errno.EIO, errno.EISDIR}
"""The medium gave the bytes up, or something else lies in their place: they are as lost as changed ones."""

MARK_NAME = "store-mark"
MARK_BYTES = 200
"""More of it is not read: what is longer is not ours."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ObjectStoreError(Exception):
    """Base of everything an object store refuses."""


class InvalidDigestError(ObjectStoreError):
    """The name is not 64 lower-case hexadecimal digits."""


class DigestMismatchError(ObjectStoreError):
    """The bytes are not those their digest promises."""


class ObjectMissingError(ObjectStoreError):
    """No object has this digest."""


class RangeRefusedError(ObjectStoreError):
    """The byte range lies outside the object."""


class ObjectStoreUnavailableError(ObjectStoreError):
    """The store does not answer, or refuses us; trying again later may help."""


class UnfitSourceError(ObjectStoreError):
    """Only a regular file can be adopted: never a link, folder or device."""


@dataclass(frozen=True, slots=True)
class StoredBytes:
    digest: str
    size: int
    created: bool
    """False where the same bytes were already there."""


@dataclass(frozen=True, slots=True)
class ListedObject:
    digest: str
    size: int


class ReadableStore(Protocol):
    """What everybody may do with stored bytes."""

    def exists(self, digest: str) -> bool: ...

    def size(self, digest: str) -> int: ...

    def open_range(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes ``[start, stop)`` in blocks."""
        ...

    def path_of(self, digest: str) -> Path:
        """Name a local file with the object's bytes, for readers that need a file: never to be written to."""
        ...

    def verify(self, digest: str) -> None:
        """Read the object and raise :class:`DigestMismatchError` unless its bytes still have this digest."""
        ...

    def check(self) -> None:
        """Raise :class:`ObjectStoreUnavailableError` unless objects can be reached."""
        ...


@runtime_checkable
class ObjectStore(ReadableStore, Protocol):
    """The whole store: what is brought and removed has a row, so only those who keep the rows are given this."""

    def adopt(self, path: Path, digest: str, *, verify: bool = False) -> StoredBytes:
        """Take over the file at `path` as the object `digest`; the file is gone afterwards.

        Where the object is there already, the file is checked and takes its place: the stored copy may have been
        damaged since, and bringing the same bytes again is how it is mended.
        """
        ...

    def put(self, blocks: Iterable[bytes], *, digest: str | None = None) -> StoredBytes:
        """Store bytes that exist only in memory or on the wire; `digest` is checked where it is given."""
        ...

    def list_objects(self, *, after: str = "") -> Iterator[ListedObject]:
        """Yield every object in the order of the digests, beginning behind `after`, in bounded memory."""
        ...

    def remove(self, digest: str) -> None:
        """Forget the object; nothing happens where there is none."""
        ...

    def remove_leftovers(self, *, older_than: float) -> int:
        """Delete half-written files untouched since `older_than` (seconds since 1970); return how many."""
        ...

    def read_mark(self) -> str:
        """Return the line by which this store is known again; empty where it bears none."""
        ...

    def write_mark(self, mark: str) -> None:
        """Leave a line in the store by which it is known again, in the place of a former one."""
        ...


def require_digest(text: str) -> str:
    """Return the text if it can be the name of an object."""
    if not _DIGEST.fullmatch(text):
        raise InvalidDigestError(f"{text!r} is not a sha256: expected 64 lower-case hexadecimal digits")
    return text


def hash_file(path: Path) -> tuple[str, int]:
    """Return the sha256 (lower-case hexadecimal) and the size in bytes of a file, in bounded memory."""
    with path.open("rb") as source:
        return _hash_stream(source)


class LocalObjectStore:
    """Objects as files ``<root>/sha256/ab/<digest>``; a file with that name is always whole."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"

    def path_of(self, digest: str) -> Path:
        return self.root / "sha256" / require_digest(digest)[:2] / digest

    def adopt(self, path: Path, digest: str, *, verify: bool = False) -> StoredBytes:
        target = self.path_of(digest)
        if target.exists() and not path.exists():
            # The same adoption was killed after its rename and is run again.
            return StoredBytes(digest, target.stat().st_size, created=False)
        created = not target.exists()
        if not created and _has_digest(target, digest):
            # A good copy stays where it is: whoever reads it just now may open this very file and no other.
            size = self._flush_source(path, digest, verify=True)
            path.unlink()
            return StoredBytes(digest, size, created=False)
        # What takes the place of another copy is never less than checked.
        size = self._flush_source(path, digest, verify=verify or not created)
        self._place(path, target, digest)
        return StoredBytes(digest, size, created=created)

    def put(self, blocks: Iterable[bytes], *, digest: str | None = None) -> StoredBytes:
        draft = self._draft_path()
        hasher = hashlib.sha256()
        try:
            with draft.open("xb") as sink:
                for block in blocks:
                    hasher.update(block)
                    sink.write(block)
            found = hasher.hexdigest()
            if digest is not None and digest != found:
                raise DigestMismatchError(f"expected sha256 {digest}, the bytes have {found}")
            return self.adopt(draft, found)
        finally:
            draft.unlink(missing_ok=True)

    def exists(self, digest: str) -> bool:
        return self.path_of(digest).is_file()

    def size(self, digest: str) -> int:
        with _translating_errors(digest):
            return self.path_of(digest).stat().st_size

    def open_range(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        size = self.size(digest)
        end = size if stop is None else stop
        if not 0 <= start <= end <= size:
            raise RangeRefusedError(f"bytes {start} to {end} do not lie within the {size} bytes of {digest}")
        return _read_range(self.path_of(digest), start, end)

    def verify(self, digest: str) -> None:
        require_bytes_of(digest, self.open_range(digest))

    def list_objects(self, *, after: str = "") -> Iterator[ListedObject]:
        top = self.root / "sha256"
        for folder in sorted(top.iterdir()) if top.is_dir() else ():
            if folder.name >= after[:2] and folder.is_dir():
                yield from _list_folder(folder, after)

    def remove(self, digest: str) -> None:
        target = self.path_of(digest)
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            _sync_folder(target.parent)

    def check(self) -> None:
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ObjectStoreUnavailableError(
                f"the folder {self.root} cannot be used: {error.strerror}"
            ) from error
        if not os.access(self._incoming, os.W_OK):
            raise ObjectStoreUnavailableError(f"the folder {self.root} cannot be written to")

    def remove_leftovers(self, *, older_than: float) -> int:
        return remove_drafts(self._incoming, older_than=older_than)

    def read_mark(self) -> str:
        try:
            with (self.root / MARK_NAME).open("rb") as source:
                return source.read(MARK_BYTES).decode(errors="replace").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ObjectStoreUnavailableError(
                f"the mark of the store cannot be read: {error.strerror}"
            ) from error

    def write_mark(self, mark: str) -> None:
        draft = self._draft_path()
        try:
            with draft.open("xb") as sink:
                sink.write(f"{mark}\n".encode())
                sink.flush()
                os.fsync(sink.fileno())
            draft.replace(self.root / MARK_NAME)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(self.root)

    def _draft_path(self) -> Path:
        self._incoming.mkdir(parents=True, exist_ok=True)
        return self._incoming / uuid.uuid4().hex

    def _flush_source(self, path: Path, digest: str, *, verify: bool) -> int:
        """Bring the file's bytes to the disk and return their number; refuse what is not a regular file."""
        if not stat.S_ISREG(path.lstat().st_mode):
            raise UnfitSourceError(f"{path.name!r} is not a regular file and cannot become an object")
        with path.open("rb") as source:
            if verify:
                found, _ = _hash_stream(source)
                if found != digest:
                    raise DigestMismatchError(f"expected sha256 {digest}, {path.name!r} has {found}")
            os.fsync(source.fileno())
            return os.fstat(source.fileno()).st_size

    def _place(self, path: Path, target: Path, digest: str) -> None:
        """Move the file to its name in one step: after a crash it is there whole, or not at all."""
        new_folder = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_across(path, target, digest)
            path.unlink()
        target.chmod(0o444)
        _sync_folder(target.parent)
        if new_folder:
            _sync_folder(target.parent.parent)

    def _copy_across(self, path: Path, target: Path, digest: str) -> None:
        """Copy from another file system; a copy is re-read anyway, so its digest is always checked."""
        draft = self._draft_path()
        hasher = hashlib.sha256()
        try:
            with path.open("rb") as source, draft.open("xb") as sink:
                while block := source.read(BLOCK_BYTES):
                    hasher.update(block)
                    sink.write(block)
                sink.flush()
                os.fsync(sink.fileno())
            if hasher.hexdigest() != digest:
                raise DigestMismatchError(f"expected sha256 {digest}, {path.name!r} has {hasher.hexdigest()}")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def require_bytes_of(digest: str, blocks: Iterable[bytes]) -> None:
    """Hash the bytes of an object.

    Raises
    ------
    DigestMismatchError
        They are not those that the digest promises.
    """
    hasher = hashlib.sha256()
    size = 0
    for block in blocks:
        hasher.update(block)
        size += len(block)
    if hasher.hexdigest() != digest:
        raise DigestMismatchError(
            f"the object {digest} ({size} bytes) now has the sha256 {hasher.hexdigest()}"
        )


def remove_drafts(folder: Path, *, older_than: float) -> int:
    """Delete what nobody has written to since `older_than` (seconds since 1970); return how many files."""
    removed = 0
    for draft in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # its writer may end just now
            if draft.stat().st_mtime < older_than:
                draft.unlink()
                removed += 1
    return removed


def _list_folder(folder: Path, after: str) -> Iterator[ListedObject]:
    """Yield the objects of one folder: a 256th of all names is in memory."""
    for name in sorted(path.name for path in folder.iterdir()):
        if name <= after or not _DIGEST.fullmatch(name):
            continue
        with suppress(FileNotFoundError):  # removed since the folder was read
            yield ListedObject(name, (folder / name).stat().st_size)


def _has_digest(path: Path, digest: str) -> bool:
    """Tell whether a stored copy is good; one that cannot be read to its end is not."""
    try:
        found, _ = hash_file(path)
    except OSError:
        return False
    return found == digest


def _hash_stream(source: BinaryIO) -> tuple[str, int]:
    hasher = hashlib.sha256()
    size = 0
    while block := source.read(BLOCK_BYTES):
        hasher.update(block)
        size += len(block)
    return hasher.hexdigest(), size


def _read_range(path: Path, start: int, stop: int) -> Iterator[bytes]:
    with _translating_errors(path.name), path.open("rb") as source:
        source.seek(start)
        left = stop - start
        while left > 0:
            block = source.read(min(BLOCK_BYTES, left))
            if not block:
                raise DigestMismatchError(f"{path.name} ended {left} bytes before its recorded size")
            left -= len(block)
            yield block


@contextmanager
def _translating_errors(digest: str) -> Iterator[None]:
    """Translate what the file system says into the errors of the protocol: the object's fault, or the store's."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissingError(f"no object has the digest {digest}") from error
    except OSError as error:
        if error.errno in _LOST:
            raise DigestMismatchError(f"{digest} cannot be read: {error.strerror}") from error
        raise ObjectStoreUnavailableError(f"{digest} cannot be read: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """Flush a folder: a rename is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
