"""A folder that holds a Zarr store, sent as one ZIP that is never written here: 100,000 keys are one file.

The archive is made while it is read, from any byte on, so that an interrupted upload goes on. It is read twice as any
file is, for its digest and to be sent; what differs the second time, or came since, is said.
"""

import hashlib
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from stemma.depositing.stored_zip import ZipEntry, build_directory, build_header, lay_out, measure_archive
from stemma.digests import BLOCK_SIZE
from stemma.errors import DamagedFileError, UsageError
from stemma.texts import show_system_text

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
ENDINGS = (".zarr", ".zspy")
_KEPT_BYTES = 4 * BLOCK_SIZE


def is_store(folder: Path) -> bool:
    """Return whether a folder is a Zarr store: by the description at its root, or by its name."""
    return folder.name.lower().endswith(ENDINGS) or any((folder / mark).is_file() for mark in MARKS)


def name_archive(folder: str) -> str:
    """Return the name of the one file that a store becomes."""
    return f"{folder}.zip" if folder.lower().endswith(ENDINGS) else f"{folder}.zarr.zip"


@dataclass(slots=True)
class PackedStore:
    """A store as the ZIP that it is sent as.

    Attributes
    ----------
    stamps
        Size and time of change of each file, in the order of `entries`.
    relist
        Finds the files of the store again.
    """

    folder: Path
    entries: tuple[ZipEntry, ...]
    locations: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...]
    relist: Callable[[], Sequence[Path]]
    size: int = 0
    checksums: dict[int, int] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        return show_system_text(str(self.folder))

    def find_stamp(self) -> list[int]:
        """Return what stays while the store stays: its size, and a number of its names, sizes and times."""
        digest = hashlib.sha256()
        for entry, stamp in zip(self.entries, self.stamps, strict=True):
            digest.update(b"%s\0%d\0%d\0" % (entry.name, *stamp))
        return [self.size, int.from_bytes(digest.digest()[:6])]

    def stream_from(self, offset: int) -> Iterator[bytes]:
        """Yield the bytes of the archive from one on.

        Raises
        ------
        DamagedFileError
            A file of the store is not as it was, or the store has others than it had.
        """
        first = max(0, bisect_right(self.entries, offset, key=lambda entry: entry.offset) - 1)
        for number in range(first, len(self.entries)):
            entry = self.entries[number]
            if offset < entry.end:
                yield from self._stream_member(number, max(0, offset - entry.offset))
        self._check_unchanged()
        directory = build_directory(
            self.entries, [self._find_checksum(number) for number in range(len(self.entries))]
        )
        begin = self.entries[-1].end
        yield directory[max(0, offset - begin) :]

    def _stream_member(self, number: int, skipped: int) -> Iterator[bytes]:
        entry = self.entries[number]
        if entry.size <= _KEPT_BYTES:
            raw = b"".join(self._read(number))
            checksum = self._note(number, zlib.crc32(raw))
            yield (build_header(entry, checksum) + raw)[skipped:]
            return
        checksum = self._find_checksum(number)
        if skipped < entry.header_size:
            yield build_header(entry, checksum)[skipped:]
        left_out, running = max(0, skipped - entry.header_size), 0
        for block in self._read(number):
            running = zlib.crc32(block, running)
            if left_out < len(block):
                yield block[left_out:]
            left_out = max(0, left_out - len(block))
        self._note(number, running)

    def _find_checksum(self, number: int) -> int:
        if number not in self.checksums:
            running = 0
            for block in self._read(number):
                running = zlib.crc32(block, running)
            self.checksums[number] = running
        return self.checksums[number]

    def _note(self, number: int, checksum: int) -> int:
        if self.checksums.setdefault(number, checksum) != checksum:
            raise self._changed(f"{show_system_text(self.locations[number].name)} holds other bytes")
        return checksum

    def _read(self, number: int) -> Iterator[bytes]:
        location, size = self.locations[number], self.entries[number].size
        left = size
        try:
            with location.open("rb", buffering=0) as stream:
                while block := stream.read(BLOCK_SIZE):
                    left -= len(block)
                    yield block
        except OSError as fault:
            raise self._changed(
                f"{show_system_text(location.name)} cannot be read: {fault.strerror}"
            ) from fault
        if left:
            raise self._changed(
                f"{show_system_text(location.name)} has {size - left} bytes in place of {size}"
            )

    def _check_unchanged(self) -> None:
        """Compare the store with what was planned: a program may be writing into it."""
        now = set(self.relist())
        came, went = now - set(self.locations), set(self.locations) - now
        if came or went:
            raise self._changed(f"{len(came)} files came and {len(went)} went")
        changed = [
            location
            for location, stamp in zip(self.locations, self.stamps, strict=True)
            if read_stamp(location) != stamp
        ]
        if changed:
            raise self._changed(
                f"{len(changed)} files were written, {show_system_text(changed[0].name)} among them"
            )

    def _changed(self, what: str) -> DamagedFileError:
        return DamagedFileError(
            f"{self.shown} changed while it was sent: {what}.",
            hint="A program may still be writing into it. Repeat the command when the store is complete.",
            code="file_changed",
        )


def pack_store(folder: Path, list_files: Callable[[], Sequence[Path]]) -> PackedStore | None:
    """Plan the archive of a store; nothing but names and sizes is read. None where no file describes an array or group.

    Raises
    ------
    UsageError
        A name in it is no text, which no other program could read.
    """
    locations = {location.relative_to(folder).as_posix(): location for location in list_files()}
    if not any(key.rpartition("/")[2] in MARKS for key in locations):
        return None
    odd = next((key for key in locations if not _is_text(key)), None)
    if odd is not None:
        raise UsageError(
            f"{show_system_text(str(folder / odd))} has a name that is no valid Unicode; nothing was sent.",
            hint="Zarr writes no such names: remove the file, or rename it.",
            code="bad_name",
        )
    stamps = {key: read_stamp(location) for key, location in locations.items()}
    entries = lay_out([(key, stamp[0]) for key, stamp in stamps.items()])
    keys = [entry.name.decode() for entry in entries]
    return PackedStore(
        folder,
        entries,
        tuple(locations[key] for key in keys),
        tuple(stamps[key] for key in keys),
        list_files,
        measure_archive(entries),
    )


def _is_text(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_stamp(location: Path) -> tuple[int, int]:
    """Return size and time of change; of what is gone, none that a file has."""
    try:
        status = location.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


class PackedStream:
    """A packed store as an open file is: it is sought in once, and read by blocks."""

    def __init__(self, store: PackedStore) -> None:
        self.name = store.shown
        self._store = store
        self._pieces: Iterator[bytes] | None = None
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pieces = None

    def seek(self, offset: int, /) -> int:
        self._pieces, self._rest = self._store.stream_from(offset), b""
        return offset

    def read(self, count: int, /) -> bytes:
        """Return so many bytes, fewer only at the end."""
        if self._pieces is None:
            self.seek(0)
        parts, length = [self._rest], len(self._rest)
        while length < count:
            piece = next(self._pieces or iter(()), b"")
            if not piece:
                break
            parts.append(piece)
            length += len(piece)
        whole = b"".join(parts)
        self._rest = whole[count:]
        return whole[:count]
