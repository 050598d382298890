"""Merlin frames from bytes: plain big-endian counts, or RAW as the Medipix chip shifts them out.

In RAW every group of 64 bits of one row is written last pixel first; a quad writes the rows of its four
chips side by side, the lower two turned by 180 degrees. (Same result as LiberTEM's decoder for 1, 6 and 12
bits; 24-bit RAW is two 12-bit frames, the more significant first. No independent reader takes 24 bits of a quad:
its two frames are read as those of one chip are, each of them then as a quad of 12 bits.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.mib.header import FrameHeader
from ingest.readers.framed_bytes import Decode

Bytes = npt.NDArray[np.uint8]
Values = npt.NDArray[Any]


def _unpack_1_bit(raw: Bytes) -> Values:
    groups = np.ascontiguousarray(raw).reshape(len(raw), -1, 8)[:, :, ::-1]
    bits: Values = np.unpackbits(groups, axis=-1, bitorder="little")
    return bits.reshape(len(raw), -1)


def _unpack_6_bit(raw: Bytes) -> Values:
    return np.ascontiguousarray(raw).reshape(len(raw), -1, 8)[:, :, ::-1].reshape(len(raw), -1)


def _unpack_12_bit(raw: Bytes) -> Values:
    words = np.ascontiguousarray(raw).view(">u2")
    return words.reshape(len(raw), -1, 4)[:, :, ::-1].reshape(len(raw), -1).astype(np.uint16)


def _unpack_24_bit(raw: Bytes) -> Values:
    half = raw.shape[1] // 2
    high = _unpack_12_bit(raw[:, :half]).astype(np.uint32)
    low = _unpack_12_bit(raw[:, half:])
    return (high << 12) + low


_UNPACK: dict[int, Callable[[Bytes], Values]] = {
    1: _unpack_1_bit,
    6: _unpack_6_bit,
    12: _unpack_12_bit,
    24: _unpack_24_bit,
}


def assemble_quad(rows: Values) -> Values:
    """Return (n, 2s, 2s) images of (n, s, 4s) rows of a 2 × 2 detector of chips of s × s pixels."""
    n, side, _ = rows.shape
    chips = rows.reshape(n, side, 4, side)
    images = np.empty((n, 2 * side, 2 * side), rows.dtype)
    images[:, :side, :side] = chips[:, :, 3]
    images[:, :side, side:] = chips[:, :, 2]
    images[:, side:, :side] = chips[:, ::-1, 1, ::-1]
    images[:, side:, side:] = chips[:, ::-1, 0, ::-1]
    return images


def plan_decoder(header: FrameHeader) -> tuple[Decode, tuple[int, int]] | None:
    """Return the decoder of frames with their shape (y, x); None for a layout that nobody documented."""
    skip = header.header_bytes
    if not header.is_raw:
        shape = (header.height, header.width)
        stored = header.dtype.newbyteorder(">")
        return lambda raw: raw[:, skip:].view(stored).reshape(len(raw), *shape), shape
    depth = header.depth_bits
    unpack = _UNPACK[depth]
    columns = header.width // 2 if depth == 24 else header.width  # noqa: PLR2004 - bits
    if columns * header.height % 64:
        return None
    if header.chips == 1:
        single = (header.height, columns)
        return lambda raw: unpack(raw[:, skip:]).reshape(len(raw), *single), single
    if header.layout.startswith("2x2") and header.chips == 4 and columns == 4 * header.height:  # noqa: PLR2004
        side = header.height
        rows = (side, columns)
        return lambda raw: assemble_quad(unpack(raw[:, skip:]).reshape(len(raw), *rows)), (2 * side, 2 * side)
    return None
