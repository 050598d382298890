"""One uploaded file as recognition sees it: its first bytes, its text, its HDF5 tree, each read once."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import h5py

from ingest.readers.contract import ReadRefusedError
from ingest.readers.hdf5.access import refuse_damage
from ingest.readers.hdf5.superblock import check_not_truncated, find_superblock
from ingest.readers.zip_directory import ZipUnreadableError, read_directory

if TYPE_CHECKING:
    from repository.schema.findings import Finding

HEAD_BYTES = 8192
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MIN_PRINTABLE = 0.95
_Answer = TypeVar("_Answer")


class UploadedFile:
    """A file with bytes in it; close it after use.

    Attributes
    ----------
    path
        The bytes.
    name
        The relative path in the upload; only its extension is used, and only where content cannot tell.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.size = path.stat().st_size
        self.hdf5_damage: Finding | None = None
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def extension(self) -> str:
        """What stands behind the last dot of the name, in lower case."""
        return self.name.rpartition(".")[2].lower()

    @cached_property
    def head(self) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as handle:
            return handle.read(HEAD_BYTES)

    @cached_property
    def text(self) -> str | None:
        """The first bytes as text, or None when they are binary."""
        return decode_text(self.head)

    @cached_property
    def is_hdf5(self) -> bool:
        """Whether the signature of HDF5 stands where it may."""
        return find_superblock(self.path) is not None

    @cached_property
    def zip_names(self) -> tuple[str, ...] | None:
        """The names of all members, folders among them, of a ZIP; None of another file, and of a damaged one."""
        if not self.head.startswith(_ZIP):
            return None
        try:
            return tuple(entry.filename for entry in read_directory(self.path))
        except ZipUnreadableError:
            return None

    def ask_hdf5(self, question: Callable[[h5py.File], _Answer | None]) -> _Answer | None:
        """Return what `question` finds in the tree; None where the file is no HDF5 or damaged."""
        if not self.is_hdf5 or self.hdf5_damage is not None:
            return None
        try:
            with refuse_damage(self.path):
                return question(self._tree)
        except ReadRefusedError as error:
            self.hdf5_damage = error.finding
            return None

    @cached_property
    def _tree(self) -> h5py.File:
        check_not_truncated(self.path)
        return self._resources.enter_context(h5py.File(self.path, "r", locking=False))


def decode_text(head: bytes) -> str | None:
    """Return `head` as text, or None when it is binary."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if b"\0" in head:
        return None
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    printable = sum(c.isprintable() or c.isspace() for c in text if c != "\ufffd")
    return text if printable >= _MIN_PRINTABLE * max(len(text), 1) else None
