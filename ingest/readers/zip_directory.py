"""The directory of a ZIP, as it says itself; nothing is unpacked and nothing of it is believed yet."""

import struct
import zipfile
from pathlib import Path

MOST_DIRECTORY_BYTES = 64 * 2**20  # a million members, of which the library makes a GiB
_END = struct.Struct("<4s4xHHII2x")
_END_64 = struct.Struct("<4s20xQQQQ")
_LOCATOR_64 = struct.Struct("<4s4xQ4x")
_LONGEST_COMMENT = 2**16


class ZipUnreadableError(Exception):
    """The file has no sound directory at its end; the sentence is the library's."""


def read_directory(path: Path) -> list[zipfile.ZipInfo]:
    """Return the entries of a ZIP in the order of its directory, folders among them.

    Raises
    ------
    ZipUnreadableError
        The archive is cut, damaged, or of a later kind than is known, or its directory is larger than is looked at.
    """
    size = _measure_directory(path)
    if size > MOST_DIRECTORY_BYTES:
        raise ZipUnreadableError(
            f"it would have {size} bytes, and at most {MOST_DIRECTORY_BYTES} are looked at"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    # What a damaged directory comes to is not one kind of fault of the library.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise ZipUnreadableError(str(error)) from error


def _measure_directory(path: Path) -> int:
    """Return the bytes of the directory as its end says, which is what the library would read; 0 without an end.

    Notes
    -----
    PKWARE APPNOTE 6.3, sections 4.3.14 to 4.3.16: the end, and before it, where sizes are large, that of ZIP64.
    """
    with path.open("rb") as handle:
        length = handle.seek(0, 2)
        handle.seek(max(0, length - _END.size - _LONGEST_COMMENT - _LOCATOR_64.size))
        tail = handle.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            return 0
        size = int(_END.unpack_from(tail, at)[3])
        if at < _LOCATOR_64.size:
            return size
        mark, where = _LOCATOR_64.unpack_from(tail, at - _LOCATOR_64.size)
        if mark != b"PK\x06\x07" or where + _END_64.size > length:
            return size
        handle.seek(where)
        return max(size % 0xFFFFFFFF, int(_END_64.unpack(handle.read(_END_64.size))[3]))
