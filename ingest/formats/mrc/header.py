"""The 1024 bytes before every MRC file (MRC2014), in either byte order.

Offsets: NX, NY, NZ, MODE at 0; MX, MY, MZ at 28; cell lengths in ångström at 40; MAPC, MAPR, MAPS at 64; least,
largest and mean value at 76; space group at 88; length of the extended header at 92; its type at 104; IMOD's stamp at
152 and its flags at 156; the mark `MAP ` at 208; the stamp of the byte order at 212; ten labels of 80 bytes at 224.
"""

import struct
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ingest.readers.reference_image import UNCOUNTED

ByteOrder = Literal["<", ">"]
HEADER_BYTES = 1024
MARK_AT, MARK = 208, b"MAP "
_LITTLE, _BIG = (b"\x44\x44", b"\x44\x41"), (b"\x11\x11",)
_IMOD_STAMP = 1146047817  # the letters IMOD
_SIGNED_BYTES, _FOUR_BIT = 1, 16
_LARGEST_SIDE = 2**24
_LEAST_NORMAL = float(np.finfo(np.float32).tiny)
_MOST_LABELS, _LABEL_BYTES = 10, 80

# mode -> type of the values; those of half a byte and of colors are told by name only
STORED = {0: "i1", 1: "i2", 2: "f4", 3: "i2", 4: "c8", 6: "u2", 12: "f2"}
_PAIRS, _COMPLEX = 3, 4
NOT_READ = {
    16: "colors",
    17: "colors",
    101: "numbers of four bits",
}
_BITS = {0: 8, 1: 16, 2: 32, 3: 32, 4: 64, 6: 16, 12: 16, 16: 24, 17: 24, 101: 4}


@dataclass(frozen=True, slots=True)
class MrcHeader:
    """What the fixed header says; sizes are counted in values, lengths in ångström.

    `is_uncounted` is true where the header did not count its sections, and they were found elsewhere.
    """

    order: ByteOrder
    shape: tuple[int, int, int]
    mode: int
    grid: tuple[int, int, int]
    cell: tuple[float, float, float]
    axis_order: tuple[int, int, int]
    value_range: tuple[float, float]
    space_group: int
    extended_bytes: int
    extended_type: str
    imod_flags: int | None
    labels: tuple[str, ...]
    is_uncounted: bool = False

    @property
    def offset(self) -> int:
        """Byte at which the values start."""
        return HEADER_BYTES + self.extended_bytes

    @property
    def section_bytes(self) -> int:
        """Bytes of one section."""
        _, rows, columns = self.shape
        if self.mode == 101:  # noqa: PLR2004 - rows of half bytes end on a whole one
            return rows * ((columns + 1) // 2)
        return rows * columns * _BITS[self.mode] // 8

    @property
    def is_four_bit(self) -> bool:
        """Whether IMOD packed two values into a byte."""
        return self.mode == 101 or bool((self.imod_flags or 0) & _FOUR_BIT)  # noqa: PLR2004 - a mode

    @property
    def is_transform(self) -> bool:
        """Whether the values are complex numbers, which MRC has for Fourier transforms alone."""
        return self.mode in {_PAIRS, _COMPLEX}

    @property
    def is_pairs(self) -> bool:
        """Whether each complex number is stored as two whole ones."""
        return self.mode == _PAIRS

    @property
    def has_known_sign(self) -> bool:
        """Whether something tells the sign of bytes: IMOD's flag, or values that only one sign can hold."""
        return self.imod_flags is not None or self._has_negative or self._has_large

    @property
    def stored_dtype(self) -> np.dtype[np.generic] | None:
        """Type of the values in the file's byte order; None where they are not read.

        Of complex whole numbers it is that of each part.
        Bytes are signed by the standard; IMOD says in its flags, and wrote them unsigned before it did.
        """
        if self.mode not in STORED or self.is_four_bit:
            return None
        if self.mode == 0 and not self._has_signed_bytes:
            return np.dtype(np.uint8)
        return np.dtype(STORED[self.mode]).newbyteorder(self.order)

    @property
    def _has_signed_bytes(self) -> bool:
        if self.imod_flags is not None:
            return bool(self.imod_flags & _SIGNED_BYTES)
        return not self._has_large

    @property
    def _has_negative(self) -> bool:
        least, largest = self.value_range  # the least above the largest says that nobody looked
        return least < 0 and least <= largest

    @property
    def _has_large(self) -> bool:
        least, largest = self.value_range
        return 0 <= least <= largest and largest > np.iinfo(np.int8).max

    def pixel_nm(self, axis: int) -> float | None:
        """Return the step along z, y or x in nm; None where cell or grid give none.

        Direct Electron's references hold whole numbers there, which are no numbers of this type.
        """
        length, count = self.cell[2 - axis], self.grid[2 - axis]
        return None if count <= 0 or length < _LEAST_NORMAL else length / count / 10


def count_sections(header: MrcHeader, size: int) -> MrcHeader:
    """Return the header with the true number of sections, where a DE camera left it open; `size` in bytes.

    Its server writes 32766 into the header of a reference. The grid has the number; where it has not, the size.
    """
    held, rest = divmod(size - header.offset, header.section_bytes)
    if header.shape[0] != UNCOUNTED or held >= UNCOUNTED or held <= 0:
        return header
    stated = header.grid[2]
    if 0 < stated < UNCOUNTED:
        return replace(header, shape=(stated, *header.shape[1:]), is_uncounted=True)
    return header if rest else replace(header, shape=(held, *header.shape[1:]), is_uncounted=True)


def is_reference(header: MrcHeader, size: int) -> bool:
    """Whether the file is a dark or gain reference of a DE camera, whose sections nobody counted."""
    return count_sections(header, size).is_uncounted


def parse_header(head: bytes) -> MrcHeader | None:
    """Return the header, or None where the bytes are none of MRC."""
    if len(head) < HEADER_BYTES:
        return None
    stamp = head[212:214]
    orders: tuple[ByteOrder, ...] = (">", "<") if stamp in _BIG else ("<", ">")
    for order in orders:
        header = _parse(head, order)
        if header is not None:
            return header
        if stamp in _LITTLE + _BIG and head[MARK_AT : MARK_AT + 4] == MARK:
            return None
    return None


def _parse(head: bytes, order: ByteOrder) -> MrcHeader | None:
    columns, rows, sections, mode = struct.unpack_from(f"{order}4i", head, 0)
    grid = struct.unpack_from(f"{order}3i", head, 28)
    cell = struct.unpack_from(f"{order}3f", head, 40)
    axis_order = struct.unpack_from(f"{order}3i", head, 64)
    least, largest = struct.unpack_from(f"{order}2f", head, 76)
    space_group, extended = struct.unpack_from(f"{order}2i", head, 88)
    stamp, flags = struct.unpack_from(f"{order}2i", head, 152)
    is_sized = all(0 < size <= _LARGEST_SIDE for size in (columns, rows, sections))
    if mode not in _BITS or not is_sized or extended < 0:
        return None
    return MrcHeader(
        order=order,
        shape=(sections, rows, columns),
        mode=mode,
        grid=grid,
        cell=cell,
        axis_order=axis_order,
        value_range=(least, largest),
        space_group=space_group,
        extended_bytes=extended,
        extended_type=head[104:108].rstrip(b"\0 ").decode("latin-1"),
        imod_flags=flags if stamp == _IMOD_STAMP else None,
        labels=_read_labels(head, order),
    )


def _read_labels(head: bytes, order: ByteOrder) -> tuple[str, ...]:
    (count,) = struct.unpack_from(f"{order}i", head, 220)
    texts = [
        head[224 + number * _LABEL_BYTES : 224 + (number + 1) * _LABEL_BYTES].rstrip(b"\0 ").decode("latin-1")
        for number in range(min(max(count, 0), _MOST_LABELS))
    ]
    return tuple(text for text in texts if text.isprintable() and text)
