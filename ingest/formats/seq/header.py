"""The 1024 bytes before every sequence of StreamPix (NorPix), little-endian.

Offsets: the mark 0xFEED at 0; name, 12 UTF-16 letters, at 4; version at 28; description, 256 UTF-16 letters, at 36;
width, height, bits per stored pixel, bits that count, bytes of an image, its format, frames, origin, bytes from one
image to the next at 548 to 580; frames per second for replay at 584; compression at 620. Images begin at byte 1024,
from version 5 on at 8192.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated

HEADER_BYTES = 1024
MARK = b"\xed\xfe\x00\x00N\x00o\x00"
_FIRST_WITH_MICROSECONDS = 5
_FIRST_IMAGE = {False: 1024, True: 8192}
_LARGEST_SIDE = 2**22  # a buffer of many frames below each other counts as one image
_LARGEST_IMAGE = 2**30
_MONOCHROME = 100
_STORED = {8: "<u1", 16: "<u2", 32: "<u4"}


@dataclass(frozen=True, slots=True)
class SeqHeader:
    """What the header says; `shape` is (rows, columns) of one stored image.

    Attributes
    ----------
    images
        Stored images; each may hold several frames.
    image_bytes
        Bytes of the pixels of one image; its time stamp follows.
    stride
        Bytes from the start of one image to that of the next.
    replay_rate
        Frames per second at which StreamPix shows them; not how fast a Celeritas recorded.
    """

    version: int
    description: str
    shape: tuple[int, int]
    stored_bits: int
    counting_bits: int
    image_bytes: int
    images: int
    stride: int
    replay_rate: float

    @property
    def has_microseconds(self) -> bool:
        """Whether time stamps have microseconds."""
        return self.version >= _FIRST_WITH_MICROSECONDS

    @property
    def offset(self) -> int:
        """Byte at which the first image begins."""
        return _FIRST_IMAGE[self.has_microseconds]

    @property
    def stamp_bytes(self) -> int:
        """Bytes of a time stamp: seconds, milliseconds, microseconds."""
        return 8 if self.has_microseconds else 6

    @property
    def end(self) -> int:
        """Byte behind the last image."""
        return self.offset + self.images * self.stride

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the pixels as they are stored."""
        return np.dtype(_STORED[self.stored_bits])


def read_header(path: Path) -> SeqHeader:
    """Return the header, all its sizes compared with the file.

    Raises
    ------
    ReadRefusedError
        `seq_header_unreadable`, `seq_pixels_not_read` (colors or compressed), `seq_frames_not_counted`,
        `file_truncated`.
    """
    actual = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        raise refuse_truncated(path, expected=HEADER_BYTES, actual=actual, what="header")
    if not head.startswith(MARK):
        raise refuse("seq_header_unreadable", f"{path.name} has no header of StreamPix.", UPLOAD_AGAIN)
    header = _parse(head)
    _check_pixels(head, header, path.name)
    fault = _find_fault(header)
    if fault:
        raise refuse("seq_header_unreadable", f"{path.name}: its header says {fault}.", UPLOAD_AGAIN)
    if header.images == 0:
        raise refuse(
            "seq_frames_not_counted",
            f"{path.name}: its header counts no frames ({actual} bytes): the recording was not closed.",
            "Open it in StreamPix, which counts them and writes the header, and upload it again.",
        )
    if actual < header.end:
        what = f"{header.images} images of {header.shape[0]} × {header.shape[1]}"
        raise refuse_truncated(path, expected=header.end, actual=actual, what=what)
    return header


def _parse(head: bytes) -> SeqHeader:
    (version,) = struct.unpack_from("<i", head, 28)
    width, height, stored, counting, size, _, images, _, stride = struct.unpack_from("<9I", head, 548)
    (rate,) = struct.unpack_from("<d", head, 584)
    return SeqHeader(
        version=version,
        description=head[36:548].decode("utf-16-le", "replace").partition("\0")[0],
        shape=(height, width),
        stored_bits=stored,
        counting_bits=counting,
        image_bytes=size,
        images=images,
        stride=stride,
        replay_rate=rate,
    )


def _check_pixels(head: bytes, header: SeqHeader, name: str) -> None:
    (kind,) = struct.unpack_from("<I", head, 568)
    (compression,) = struct.unpack_from("<I", head, 620)
    holds = ""
    if compression:
        holds = f"compressed images (method {compression})"
    elif kind != _MONOCHROME:
        holds = f"images of another kind than gray levels (format {kind})"
    elif header.stored_bits not in _STORED:
        holds = f"pixels of {header.stored_bits} bits"
    if holds:
        raise decline(
            "seq_pixels_not_read",
            f"{name} holds {holds}.",
            "Export it from StreamPix as an uncompressed monochrome sequence, and upload that as well.",
        )


def _find_fault(header: SeqHeader) -> str:
    rows, columns = header.shape
    if not (0 < rows <= _LARGEST_SIDE and 0 < columns <= _LARGEST_SIDE):
        return f"images of {rows} × {columns}"
    if header.image_bytes != rows * columns * header.dtype.itemsize:
        return (
            f"images of {rows} × {columns} pixels of {header.stored_bits} bits, in {header.image_bytes} bytes"
        )
    if header.image_bytes > _LARGEST_IMAGE:
        return f"images of {header.image_bytes} bytes, more than any camera gives"
    if header.stride < header.image_bytes + header.stamp_bytes:
        return f"{header.stride} bytes from one image to the next, and {header.image_bytes} of each"
    return ""
