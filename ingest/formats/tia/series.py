"""The header of a SER file, read before the library sees it: whatever that allocates must lie in the file.

Little-endian. At 0 the mark of byte order and kind (4 bytes), version (2), data type (4: 0x4120 spectra, 0x4122
images), tag type (4), elements promised (4), elements recorded (4), offset of the table of offsets (4, from version
0x220 on 8), number of dimensions (4); then each dimension: size (4), calibration (8, 8, 4), description and unit, each
behind its length (4). An element starts with its calibration (20 bytes for each axis), type (2) and sizes (4 each).
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated

Offsets = npt.NDArray[np.unsignedinteger[Any]]
SPECTRA, IMAGES = 0x4120, 0x4122
_WIDE_OFFSETS_FROM = 0x220
_POSITION_TAG = 0x4142
_VALUE_BYTES = {1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 16}
_MOST_DIMENSIONS, _MOST_TEXT = 4, 1024
_MOST_FILLED = 64  # times what was recorded that the library may fill up with zeros


@dataclass(frozen=True, slots=True)
class SerDimension:
    """One dimension of the series."""

    size: int
    scale: float
    description: str
    unit: str


@dataclass(frozen=True, slots=True)
class SerHeader:
    """What a SER file says of itself; all sizes agree with the file."""

    kind: int
    promised: int
    recorded: int
    dimensions: tuple[SerDimension, ...]
    element_bytes: int

    @property
    def declared_bytes(self) -> int:
        """What the library holds: of a map every element that is promised, of a series what was recorded."""
        is_map = len(self.dimensions) > 1
        return (self.promised if is_map else self.recorded) * self.element_bytes


def read_series_header(path: Path) -> SerHeader:
    """Return the header of a SER file.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, `ser_header_unreadable`, `declared_size_implausible` or `no_array_found`.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        try:
            return _read(handle, path, size)
        except struct.error:
            raise refuse_truncated(path, expected=handle.tell() + 1, actual=size, what="header") from None


def _read(handle: BinaryIO, path: Path, size: int) -> SerHeader:
    version, kind, tag, promised, recorded = struct.unpack("<4xHIIII", handle.read(22))
    width = 8 if version >= _WIDE_OFFSETS_FROM else 4
    table, count = struct.unpack("<QI" if width == 8 else "<II", handle.read(width + 4))  # noqa: PLR2004 - bytes
    if kind not in {SPECTRA, IMAGES} or not promised > 0 or recorded > promised or count > _MOST_DIMENSIONS:
        raise _unreadable(path)
    dimensions = tuple(_read_dimension(handle, path) for _ in range(count))
    if recorded == 0:
        raise decline(
            "no_array_found", f"{path.name} holds no recorded element.", "Its data may be in the emi."
        )
    if math.prod(dimension.size for dimension in dimensions) != promised:
        raise _unreadable(path)
    if promised > _MOST_FILLED * recorded and count > 1:
        raise refuse(
            "declared_size_implausible",
            f"{path.name} promises {promised} elements and holds {recorded}.",
            "The acquisition was stopped early, or the header is damaged.",
        )
    if table + recorded * width > size:
        raise refuse_truncated(path, expected=table + recorded * width, actual=size, what="table of offsets")
    handle.seek(table)
    offsets = np.frombuffer(handle.read(recorded * width), f"<u{width}")
    element_bytes = _read_elements(handle, path, offsets, size=size, is_image=kind == IMAGES)
    whole = element_bytes + (24 if tag == _POSITION_TAG else 8)
    _check_extent(path, offsets, whole, size)
    return SerHeader(kind, promised, recorded, dimensions, element_bytes)


def _read_dimension(handle: BinaryIO, path: Path) -> SerDimension:
    size, _, scale, _ = struct.unpack("<IddI", handle.read(24))
    description, unit = _read_text(handle, path), _read_text(handle, path)
    return SerDimension(size, scale, description, unit)


def _read_text(handle: BinaryIO, path: Path) -> str:
    (length,) = struct.unpack("<I", handle.read(4))
    if length > _MOST_TEXT:
        raise _unreadable(path)
    return handle.read(length).decode("utf-8", "replace")


def _read_elements(handle: BinaryIO, path: Path, offsets: Offsets, *, size: int, is_image: bool) -> int:
    """Return the bytes of an element; the library takes the first for all, so all must agree."""
    skip, layout = (40, "<HII") if is_image else (20, "<HI")
    found: set[tuple[int, ...]] = set()
    if int(offsets.max()) >= size:
        raise refuse_truncated(path, expected=int(offsets.max()) + 1, actual=size, what="elements")
    for offset in offsets.tolist():
        handle.seek(offset + skip)
        found.add(struct.unpack(layout, handle.read(struct.calcsize(layout))))
        if len(found) > 1:
            raise decline("ser_elements_differ", f"{path.name} holds elements of different sizes or types.")
    ((code, *sizes),) = found
    if code not in _VALUE_BYTES or not all(sizes):
        raise _unreadable(path)
    return skip + struct.calcsize(layout) + math.prod(sizes) * _VALUE_BYTES[code]


def _check_extent(path: Path, offsets: Offsets, element: int, size: int) -> None:
    """Refuse elements that leave the file, or that share bytes so that they claim more than it holds."""
    expected = max(int(offsets.max()) + element, len(offsets) * element)
    if expected > size:
        raise refuse_truncated(path, expected=expected, actual=size, what=f"{len(offsets)} elements")


def _unreadable(path: Path) -> ReadRefusedError:
    return refuse("ser_header_unreadable", f"{path.name} has no readable header of a series.", UPLOAD_AGAIN)
