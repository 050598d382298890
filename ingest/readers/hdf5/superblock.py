"""The HDF5 superblock: where the file says that it ends, read without the HDF5 library."""

import struct
from pathlib import Path

from ingest.readers.refusals import refuse_truncated

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_USER_BLOCKS = (0, 512, 1024, 2048, 4096)
_HEAD_BYTES = 96


def find_superblock(path: Path) -> int | None:
    """Return the byte at which the superblock starts; None if the file is no HDF5."""
    with path.open("rb") as handle:
        for start in _USER_BLOCKS:
            handle.seek(start)
            if handle.read(len(SIGNATURE)) == SIGNATURE:
                return start
    return None


def check_not_truncated(path: Path) -> int:
    """Compare the end of file that the superblock declares with the size on disk; return the bytes behind it.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if the file is shorter.

    Notes
    -----
    HDF5 file format specification 3.0, section II.A: versions 0 and 1 hold the end of file address
    third among the addresses after byte 24 (28), versions 2 and 3 third after byte 12.
    """
    start = find_superblock(path)
    if start is None:
        return 0
    actual = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(start)
        head = handle.read(_HEAD_BYTES)
    expected = start + _HEAD_BYTES
    version = head[8] if len(head) > len(SIGNATURE) else 0
    offset_size, first = (head[13:14], 24 + 4 * version) if version <= 1 else (head[9:10], 12)
    width = offset_size[0] if offset_size else 8
    field = head[first + 2 * width : first + 3 * width]
    formats = {2: "<H", 4: "<I", 8: "<Q"}
    if width in formats and len(field) == width:
        expected = int(struct.unpack(formats[width], field)[0])
    if actual < expected:
        raise refuse_truncated(path, expected=expected, actual=actual, what="HDF5 end of file")
    return actual - expected
