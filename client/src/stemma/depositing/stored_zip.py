"""A ZIP of stored members whose bytes follow from the names, sizes and checksums of these alone.

Members lie in the order of their names, nothing is deflated, and no clock is asked: the same files make the same bytes,
on any machine, and where a byte lies is known before a file is read. Pages make the same archive.
Definition: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16, 4.5.3 (ZIP64).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_END_64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")
_UTF_8 = 0x800
_FIRST_DAY = 0x21  # 1980-01-01, the first that a ZIP knows
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3 << 8
_VERSION, _VERSION_64 = 20, 45
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A member: its name in UTF-8, its bytes, and where its header begins."""

    name: bytes
    size: int
    offset: int

    @property
    def header_size(self) -> int:
        """Bytes before the first of its own."""
        return _LOCAL.size + len(self.name) + (20 if self.size >= _MOST_32 else 0)

    @property
    def data_offset(self) -> int:
        return self.offset + self.header_size

    @property
    def end(self) -> int:
        return self.data_offset + self.size


def lay_out(files: Sequence[tuple[str, int]]) -> tuple[ZipEntry, ...]:
    """Return the members of files given by name and size, in the order of the bytes of their names."""
    entries: list[ZipEntry] = []
    at = 0
    for name, size in sorted(((name.encode(), size) for name, size in files)):
        entries.append(ZipEntry(name, size, at))
        at = entries[-1].end
    return tuple(entries)


def measure_archive(entries: Sequence[ZipEntry]) -> int:
    """Return the bytes of the whole archive."""
    end = entries[-1].end if entries else 0
    return end + len(build_directory(entries, [0] * len(entries)))


def build_header(entry: ZipEntry, checksum: int) -> bytes:
    """Return what stands before the bytes of a member."""
    is_large = entry.size >= _MOST_32
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if is_large else b""
    size = _MOST_32 if is_large else entry.size
    version = _VERSION_64 if is_large else _VERSION
    fixed = _LOCAL.pack(
        0x04034B50, version, _UTF_8, 0, 0, _FIRST_DAY, checksum, size, size, len(entry.name), len(extra)
    )
    return fixed + entry.name + extra


def build_directory(entries: Sequence[ZipEntry], checksums: Sequence[int]) -> bytes:
    """Return what stands behind the last member: the directory and its end."""
    listed = b"".join(
        _build_entry(entry, checksum) for entry, checksum in zip(entries, checksums, strict=True)
    )
    begin, count = (entries[-1].end if entries else 0), len(entries)
    tail = b""
    if count >= _MOST_16 or begin >= _MOST_32 or len(listed) >= _MOST_32:
        tail = _END_64.pack(
            0x06064B50, 44, _UNIX | _VERSION_64, _VERSION_64, 0, 0, count, count, len(listed), begin
        ) + _LOCATOR_64.pack(0x07064B50, 0, begin + len(listed), 1)
    shown = min(count, _MOST_16)
    end = _END.pack(0x06054B50, 0, 0, shown, shown, min(len(listed), _MOST_32), min(begin, _MOST_32), 0)
    return listed + tail + end


def _build_entry(entry: ZipEntry, checksum: int) -> bytes:
    large = [entry.size, entry.size] if entry.size >= _MOST_32 else []
    large += [entry.offset] if entry.offset >= _MOST_32 else []
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, offset = min(entry.size, _MOST_32), min(entry.offset, _MOST_32)
    version = _VERSION_64 if large else _VERSION
    fixed = _ENTRY.pack(
        0x02014B50, _UNIX | version, version, _UTF_8, 0, 0, _FIRST_DAY, checksum, size, size, len(entry.name),
        len(extra), 0, 0, 0, _PLAIN_FILE, offset,
    )  # fmt: skip
    return fixed + entry.name + extra
