"""Members of a ZIP read by pieces: stored ones in place, deflated ones with a cursor that can go back.

No size of the directory is believed: a member lies within the file, members do not share bytes, and none unpacks to
more than DEFLATE can. Definition: PKWARE APPNOTE 6.3, sections 4.3.7 (local header) and 4.3.12 (directory).
"""

import struct
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import ReadRefusedError
from ingest.readers.framed_bytes import FramePart, open_part, read_bytes
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse
from ingest.readers.zip_directory import ZipUnreadableError, read_directory

MOST_MEMBERS = 10_000
MOST_RATIO = 1100  # DEFLATE reaches 1032 on zeros
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
_ENCRYPTED = 0x1
_FEED_BYTES = 64 * 1024
_FIRST_STEP = 4 * 2**20
_MOST_PLACES = 128  # each holds 32 KiB of what came before, and some more


@dataclass(slots=True)
class _Place:
    """A place in a deflated stream from which on it can be read: `output` bytes came of the first `fed`."""

    output: int
    fed: int
    stream: Any
    waiting: bytes

    def copy(self) -> "_Place":
        return _Place(self.output, self.fed, self.stream.copy(), self.waiting)


@dataclass(slots=True)
class ZipMember:
    """One member: `size` bytes once unpacked. Reading it from begin to end compares its checksum, where it has one.

    `window` is how zlib is told that the stream has a header of its own, or none as in a ZIP.
    """

    name: str
    part: FramePart
    size: int
    packed: int
    is_deflated: bool
    checksum: int | None
    window: int = -zlib.MAX_WBITS
    _checked: int = field(default=0, repr=False)
    _running: int = field(default=0, repr=False)
    _step: int = field(default_factory=lambda: _FIRST_STEP, repr=False)
    _places: list[_Place] = field(default_factory=list, repr=False)
    _cursor: _Place | None = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def read(self, start: int, length: int) -> npt.NDArray[np.uint8]:
        """Return unpacked bytes.

        Memory beside the result is that of the places to which the cursor can go back, a few MiB.

        Raises
        ------
        ReadRefusedError
            `zip_member_damaged`, or `file_truncated`.
        """
        with self._lock:
            if start + length > self.size:
                raise self._damaged(f"it has {self.size} bytes, and {start + length} are needed")
            raw = self._inflate(start, length) if self.is_deflated else self._take(start, length)
            self._compare(start, raw)
        return raw

    def check_whole(self) -> None:
        """Compare the checksum of a member of which parts will be read: it goes once from begin to end.

        Raises
        ------
        ReadRefusedError
            `zip_member_damaged`, or `file_truncated`.
        """
        while self.checksum is not None and self._checked < self.size:
            self.read(self._checked, min(_FIRST_STEP, self.size - self._checked))

    def _take(self, start: int, length: int) -> npt.NDArray[np.uint8]:
        return read_bytes(self.part, self.part.offset + start, length)

    def _inflate(self, start: int, length: int) -> npt.NDArray[np.uint8]:
        place = self._find_place(start)
        out = np.empty(length, np.uint8)
        try:
            while place.output < start:
                self._unpack(place, min(start - place.output, _FIRST_STEP))
            done = 0
            while done < length:
                piece = self._unpack(place, min(length - done, _FIRST_STEP))
                out[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
                done += len(piece)
        except zlib.error as error:
            self._cursor = None
            raise self._damaged(str(error)[:100]) from error
        self._cursor = place
        return out

    def _find_place(self, start: int) -> _Place:
        """Return the nearest place before `start`: the cursor, one that was kept, or the begin."""
        before = [place for place in self._places if place.output <= start]
        kept = before[-1] if before else _Place(0, 0, zlib.decompressobj(self.window), b"")
        if self._cursor is not None and kept.output <= self._cursor.output <= start:
            return self._cursor
        return kept.copy()

    def _unpack(self, place: _Place, wanted: int) -> bytes:
        """Return at least one and at most `wanted` bytes, and go on by these."""
        while True:
            if not place.waiting and place.fed < self.packed and not place.stream.eof:
                count = min(_FEED_BYTES, self.packed - place.fed)
                place.waiting = self._take(place.fed, count).tobytes()
                place.fed += count
            piece: bytes = place.stream.decompress(place.waiting, wanted)
            place.waiting = place.stream.unconsumed_tail
            if piece:
                place.output += len(piece)
                self._keep(place)
                return piece
            if place.stream.eof or (not place.waiting and place.fed == self.packed):
                raise self._damaged(f"its bytes end after {place.output} of {self.size}")

    def _keep(self, place: _Place) -> None:
        """Remember a place now and then; where they become many, every second is forgotten."""
        last = self._places[-1].output if self._places else 0
        if place.output < last + self._step:
            return
        self._places.append(place.copy())
        if len(self._places) > _MOST_PLACES:
            self._places = self._places[1::2]
            self._step *= 2

    def _compare(self, start: int, raw: npt.NDArray[np.uint8]) -> None:
        """Carry the checksum on where the bytes follow those that it has seen, and compare it at the end."""
        end = start + len(raw)
        if self.checksum is None or not start <= self._checked < end:
            return
        self._running = zlib.crc32(raw[self._checked - start :].data, self._running)
        self._checked = end
        if end == self.size and self._running != self.checksum:
            self._checked = self._running = 0
            raise self._damaged("its checksum is another than the archive says")

    def _damaged(self, why: str) -> ReadRefusedError:
        return refuse(
            "zip_member_damaged", f"{self.name} in {self.part.path.name} is damaged: {why}.", UPLOAD_AGAIN
        )


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """The members of a ZIP by its directory, folders left out; one is looked at when it is opened."""

    whole: FramePart
    size: int
    entries: tuple[zipfile.ZipInfo, ...]

    def open_member(self, entry: zipfile.ZipInfo) -> ZipMember:
        """Return a member that can be read.

        Raises
        ------
        ReadRefusedError
            `zip_unreadable`, `zip_encrypted` or `zip_method_not_read`.
        """
        return _open_member(self.whole, entry, self.size)


def open_archive(path: Path, resources: ExitStack, *, most: int = MOST_MEMBERS) -> ZipArchive:
    """Return what a ZIP says of its members, in the order of its directory; `resources` closes the file.

    Raises
    ------
    ReadRefusedError
        `zip_unreadable`, `declared_size_implausible` or `zip_too_many_members`.
    """
    try:
        listed = [entry for entry in read_directory(path) if not entry.filename.endswith("/")]
    except ZipUnreadableError as error:
        message = (
            f"{path.name} has no sound directory at its end, as an archive has that is not cut: {error}."
        )
        raise refuse("zip_unreadable", message.replace("..", "."), UPLOAD_AGAIN) from error
    if len(listed) > most:
        raise decline(
            "zip_too_many_members",
            f"{path.name} has {len(listed)} members; at most {most} are looked at.",
        )
    whole = open_part(resources, path, offset=0, count=1)
    size = path.stat().st_size
    _check_sizes(path.name, listed, size)
    return ZipArchive(whole, size, tuple(listed))


def open_members(path: Path, resources: ExitStack) -> list[ZipMember]:
    """Return the members of a ZIP in the order of its directory, folders left out; `resources` closes the file.

    Raises
    ------
    ReadRefusedError
        `zip_unreadable`, `declared_size_implausible`, `zip_encrypted`, `zip_method_not_read` or
        `zip_too_many_members`.
    """
    archive = open_archive(path, resources)
    return [archive.open_member(entry) for entry in archive.entries]


def _check_sizes(name: str, listed: list[zipfile.ZipInfo], size: int) -> None:
    if sum(info.compress_size for info in listed) > size:
        raise refuse(
            "declared_size_implausible",
            f"The members of {name} would have more bytes than the archive.",
            "It is damaged, or was made to exhaust memory. Upload the original.",
        )
    for info in listed:
        limit = info.compress_size * (MOST_RATIO if info.compress_type == zipfile.ZIP_DEFLATED else 1)
        if info.compress_type in {zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED} and info.file_size > limit:
            raise refuse(
                "declared_size_implausible",
                f"{info.filename} in {name} would unpack from {info.compress_size} bytes to {info.file_size}.",
                "It is damaged, or was made to exhaust memory. Upload the original.",
            )


def _open_member(whole: FramePart, info: zipfile.ZipInfo, size: int) -> ZipMember:
    name = whole.path.name
    if info.flag_bits & _ENCRYPTED:
        raise decline(
            "zip_encrypted", f"{info.filename} in {name} is encrypted.", "Save it without a password."
        )
    if info.compress_type not in {zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED}:
        raise decline(
            "zip_method_not_read",
            f"{info.filename} in {name} is compressed by the method {info.compress_type}; "
            "stored and deflated members are read.",
            "Pack it again with members that are stored, or deflated as most programs do.",
        )
    if not 0 <= info.header_offset <= size - _LOCAL_HEADER.size:
        raise refuse("zip_unreadable", f"{info.filename} would begin outside of {name}.", UPLOAD_AGAIN)
    head = read_bytes(whole, info.header_offset, _LOCAL_HEADER.size).tobytes()
    local = _LOCAL_HEADER.unpack(head)
    start = info.header_offset + _LOCAL_HEADER.size + local[9] + local[10]
    if local[0] != b"PK\x03\x04" or local[3] != info.compress_type or start + info.compress_size > size:
        raise refuse("zip_unreadable", f"{info.filename} does not lie in {name} where it says.", UPLOAD_AGAIN)
    part = FramePart(whole.descriptor, whole.path, start, 1)
    is_deflated = info.compress_type == zipfile.ZIP_DEFLATED
    return ZipMember(info.filename, part, info.file_size, info.compress_size, is_deflated, info.CRC)
