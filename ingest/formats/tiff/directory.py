"""The directories of a TIFF file: classic and BigTIFF, both byte orders, each size compared with the file.

A directory is a list of entries; an entry is a tag, a type, a count, and the values or where they lie. Nothing is
allocated that the file is too short for, and a chain of directories that comes back to itself is refused.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated

ByteOrder = Literal["<", ">"]
MARKS: dict[bytes, tuple[ByteOrder, bool]] = {
    b"II*\0": ("<", False),
    b"MM\0*": (">", False),
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}
MOST_PAGES = 100_000
_MOST_ENTRIES = 4096
_MOST_TEXT = 2**25
# type of an entry -> numpy's letters; rationals are two numbers each
_KINDS = {
    1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 10: "i4",
    11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_RATIONALS = {5, 10}
_BYTES = {kind: np.dtype(form).itemsize * (2 if kind in _RATIONALS else 1) for kind, form in _KINDS.items()}
_USUAL_BYTES = 512  # of a directory, read at once


class Entry(NamedTuple):
    """One tag of a directory: so many values of a type, the first at byte `at` of the file; short ones are `inline`."""

    code: int
    kind: int
    values: int
    at: int
    inline: bytes = b""

    @property
    def numbers(self) -> int:
        """How many numbers the values are."""
        return self.values * (2 if self.kind in _RATIONALS else 1)

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return self.values * _BYTES[self.kind]


@dataclass(slots=True)
class TiffBytes:
    """An open file with what its first bytes say; closed by whoever opened it."""

    path: Path
    handle: BinaryIO = field(repr=False)
    size: int
    order: ByteOrder
    is_big: bool
    first: int

    def read(self, start: int, length: int) -> bytes:
        """Return bytes of the file.

        Raises
        ------
        ReadRefusedError
            `file_truncated`, if they reach beyond its end.
        """
        if start + length > self.size:
            raise refuse_truncated(self.path, expected=start + length, actual=self.size)
        self.handle.seek(start)
        found = self.handle.read(length)
        if len(found) < length:
            raise refuse_truncated(self.path, expected=start + length, actual=start + len(found))
        return found

    def unpack(self, form: str, start: int) -> tuple[int, ...]:
        """Return whole numbers from a place in the file, in its byte order."""
        layout = f"{self.order}{form}"
        return struct.unpack(layout, self.read(start, struct.calcsize(layout)))


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries of one page, by tag; `nbytes` is what the directory itself takes from byte `at` on."""

    number: int
    at: int
    nbytes: int
    entries: Mapping[int, Entry]
    source: "Values"

    def __contains__(self, code: int) -> bool:
        return code in self.entries

    def numbers(self, code: int, *, most: int = 1 << 24) -> npt.NDArray[Any]:
        """Return all numbers of a tag; none where it is absent."""
        entry = self.entries.get(code)
        return np.empty(0, np.int64) if entry is None else self.source.numbers(entry, most=most)

    def integer(self, code: int, default: int = 0) -> int:
        """Return the first whole number of a tag."""
        found = self.numbers(code)
        return int(found[0]) if len(found) and found.dtype.kind in "ui" else default

    def ratio(self, code: int) -> float | None:
        """Return a rational as a number; None where it is absent or divides by 0."""
        found = self.numbers(code)
        if len(found) < 2 or not int(found[1]) or not int(found[0]):  # noqa: PLR2004 - above and below the line
            return None
        return float(int(found[0]) / int(found[1]))

    def real(self, code: int) -> float | None:
        """Return the first number of a tag that is no rational; None where it is absent or not finite."""
        found = self.numbers(code)
        return float(found[0]) if len(found) and np.isfinite(found[0]) else None

    def raw(self, code: int) -> bytes:
        """Return the bytes of a tag, as far as text may reach; none where it is absent."""
        entry = self.entries.get(code)
        return b"" if entry is None else self.source.raw(entry)

    def text(self, code: int) -> str:
        """Return the text of a tag without what stands behind its end: UTF-8, else Latin-1."""
        raw = self.raw(code).partition(b"\0")[0]
        try:
            return raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            return raw.decode("latin-1").strip()


@dataclass(slots=True)
class Values:
    """Reads the values of entries from a file that is opened for it."""

    path: Path
    size: int
    order: ByteOrder

    def numbers(self, entry: Entry, *, most: int) -> npt.NDArray[Any]:
        if entry.numbers > most:
            raise refuse(
                "tiff_directory_unreadable",
                f"Tag {entry.code} of {self.path.name} claims {entry.values} values.",
                UPLOAD_AGAIN,
            )
        stored = np.dtype(_KINDS[entry.kind]).newbyteorder(self.order)
        return np.frombuffer(self._read(entry, entry.nbytes), stored)

    def at(self, start: int, length: int) -> bytes:
        """Return bytes that a program's own block says are there."""
        if start < 0 or start + length > self.size:
            raise refuse_truncated(self.path, expected=start + length, actual=self.size)
        with self.path.open("rb") as handle:
            handle.seek(start)
            return handle.read(length)

    def raw(self, entry: Entry) -> bytes:
        return self._read(entry, min(entry.nbytes, _MOST_TEXT))

    def _read(self, entry: Entry, length: int) -> bytes:
        if entry.inline:
            return entry.inline[:length]
        if entry.at + entry.nbytes > self.size:
            raise refuse_truncated(
                self.path, expected=entry.at + entry.nbytes, actual=self.size, what=f"tag {entry.code}"
            )
        return self.at(entry.at, length)


def open_tiff_bytes(path: Path, handle: BinaryIO) -> TiffBytes | None:
    """Return the file behind its first bytes; None where they are none of TIFF, or cut short."""
    size = path.stat().st_size
    head = handle.read(16)
    kind = MARKS.get(head[:4])
    if kind is None:
        return None
    order, is_big = kind
    wanted = 16 if is_big else 8
    if len(head) < wanted:
        raise refuse_truncated(path, expected=wanted, actual=size, what="header")
    if is_big and head[4:8] != struct.pack(f"{order}2H", 8, 0):
        raise refuse(
            "tiff_directory_unreadable", f"{path.name} is a BigTIFF with a damaged start.", UPLOAD_AGAIN
        )
    (first,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", head, 8 if is_big else 4)
    return TiffBytes(path, handle, size, order, is_big, first)


def walk_directories(source: TiffBytes, *, most: int = MOST_PAGES) -> Iterator[Directory]:
    """Yield the directories of a file in the order of their chain, at least one.

    Parameters
    ----------
    source
        The file.
    most
        How many are looked at: recognition needs one.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, `tiff_directory_unreadable`, `tiff_directories_in_a_circle` or `tiff_too_many_pages`.
    """
    if not source.first:
        raise refuse("tiff_directory_unreadable", f"{source.path.name} has no page.", UPLOAD_AGAIN)
    seen: set[int] = set()
    at = source.first
    while at and len(seen) < most:
        if at in seen:
            raise refuse(
                "tiff_directories_in_a_circle",
                f"Page {len(seen) + 1} of {source.path.name} is an earlier page again: its pages have no end.",
                UPLOAD_AGAIN,
            )
        seen.add(at)
        directory, at = _read_directory(source, at, len(seen))
        yield directory
    if at and most == MOST_PAGES:
        raise decline(
            "tiff_too_many_pages",
            f"{source.path.name} has more than {MOST_PAGES} pages.",
            "Save it in parts, or in a format for scans.",
        )


class _Form(NamedTuple):
    """How the parts of a directory are laid out."""

    counter: struct.Struct
    entry: struct.Struct
    link: struct.Struct
    inline_bytes: int


_FORMS = {
    (order, is_big): _Form(
        struct.Struct(f"{order}{'Q' if is_big else 'H'}"),
        struct.Struct(f"{order}{'HHQQ' if is_big else 'HHII'}"),
        struct.Struct(f"{order}{'Q' if is_big else 'I'}"),
        8 if is_big else 4,
    )
    for order in ("<", ">")
    for is_big in (False, True)
}


def _read_directory(source: TiffBytes, at: int, number: int) -> tuple[Directory, int]:
    """Return the directory at a byte, and where the next one is."""
    form = _FORMS[source.order, source.is_big]
    raw = source.read(at, max(form.counter.size, min(_USUAL_BYTES, source.size - at)))
    (count,) = form.counter.unpack_from(raw)
    if not 0 < count <= _MOST_ENTRIES:
        raise refuse(
            "tiff_directory_unreadable",
            f"The directory of page {number} of {source.path.name} claims {count} entries.",
            UPLOAD_AGAIN,
        )
    nbytes = form.counter.size + count * form.entry.size + form.link.size
    if nbytes > len(raw):
        raw = source.read(at, nbytes)
    (following,) = form.link.unpack_from(raw, nbytes - form.link.size)
    entries: dict[int, Entry] = {}
    for offset in range(form.counter.size, nbytes - form.link.size, form.entry.size):
        code, kind, how_many, place = form.entry.unpack_from(raw, offset)
        if kind not in _KINDS or code in entries:
            continue
        length = how_many * _BYTES[kind]
        inline = b""
        if length <= form.inline_bytes:
            begin = offset + form.entry.size - form.inline_bytes
            inline, place = raw[begin : begin + length], at + begin
        entries[code] = Entry(code, kind, how_many, place, inline)
    values = Values(source.path, source.size, source.order)
    return Directory(number, at, nbytes, entries, values), following
