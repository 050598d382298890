"""DM3 and DM4: version, a length near the file's, byte order 0 or 1."""

import struct

from ingest.readers.parts import Recognized
from ingest.readers.uploaded_file import UploadedFile

# version -> (layout of the first fields, bytes that the length does not count)
_HEADS = {3: (">III", 16), 4: (">IQI", 24)}


def recognize_dm3(file: UploadedFile) -> Recognized | None:
    """Say whether the file is DM3."""
    return _recognize(file, 3)


def recognize_dm4(file: UploadedFile) -> Recognized | None:
    """Say whether the file is DM4."""
    return _recognize(file, 4)


def _recognize(file: UploadedFile, version: int) -> Recognized | None:
    layout, fixed = _HEADS[version]
    if len(file.head) < struct.calcsize(layout):
        return None
    found, length, order = struct.unpack_from(layout, file.head)
    # A length above the size is a truncated file, which the reader names; zero is no DM file.
    is_far_off = length == 0 or length + fixed > file.size * 1000 + 2**20
    if found != version or order not in {0, 1} or is_far_off:
        return None
    return Recognized(f"big-endian version {version}, length and byte order")
