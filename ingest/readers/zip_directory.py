"""The directory of a ZIP, as it says itself; nothing is unpacked and nothing of it is believed yet."""

import struct
import zipfile
from pathlib import Path


class ZipUnreadableError(Exception):
    """The file has no sound directory at its end; the sentence is the library's."""


def read_directory(path: Path) -> list[zipfile.ZipInfo]:
    """Return the entries of a ZIP in the order of its directory, folders among them.

    Raises
    ------
    ZipUnreadableError
        The archive is cut, damaged, or of a later kind than is known.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    # What a damaged directory comes to is not one kind of fault of the library.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise ZipUnreadableError(str(error)) from error
