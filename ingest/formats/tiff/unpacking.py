"""What compressed or packed pieces become: each way is named, and none gives more bytes than were asked for."""

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ingest.formats.tiff.page import (
    DEFLATE,
    DIFFERENCES,
    FLOAT_BYTES,
    LZW,
    OLD_DEFLATE,
    PACKBITS,
    Page,
)

_CLEAR, _END, _FIRST_CODE = 256, 257, 258
_LITERALS = [bytes([value]) for value in range(256)] + [b"", b""]
_SHORTEST, _LONGEST = 9, 12
_LITERAL_RUNS, _NOTHING = 128, 128


class DamagedPieceError(Exception):
    """A compressed piece is not what it says; the sentence says why."""


def unpack_piece(raw: bytes, compression: int, most: int, *, may_be_longer: bool) -> bytes:
    """Return the bytes of a piece, `most` of them; the last strip of a page may be filled up.

    Raises
    ------
    DamagedPieceError
        The piece is damaged, holds less, or holds more than its page tells of.
    """
    unpacked = _UNPACK[compression](raw, most)
    if len(unpacked) < most:
        raise DamagedPieceError(f"it gives {len(unpacked)} bytes of {most}")
    if len(unpacked) > most and not may_be_longer:
        raise DamagedPieceError(f"it gives more than the {most} bytes that its page tells of")
    return unpacked[:most]


def _inflate(raw: bytes, most: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(raw, most)
        # The checksum stands behind the last byte: one byte more makes the library compare it.
        rest = b"" if stream.eof else stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error as error:
        raise DamagedPieceError(f"its Deflate stream is damaged ({error})") from error
    if not stream.eof and not rest:
        raise DamagedPieceError("its Deflate stream has no end")
    return found + rest


def _unpack_bits(raw: bytes, most: int) -> bytes:
    out = bytearray()
    at = 0
    while at < len(raw) and len(out) <= most:
        count = raw[at]
        if count < _LITERAL_RUNS:
            out += raw[at + 1 : at + 2 + count]
            at += 2 + count
        elif count == _NOTHING:
            at += 1
        else:
            out += raw[at + 1 : at + 2] * (257 - count)
            at += 2
    return bytes(out)


def _unpack_lzw(raw: bytes, most: int) -> bytes:
    """Return what LZW of TIFF 6.0 packed: codes of 9 to 12 bits from the highest bit on, each longer one code early."""
    if raw[:2] == b"\0\1":
        raise DamagedPieceError("its LZW stream is of the old kind, from the lowest bit on")
    table = list(_LITERALS)
    out: list[bytes] = []
    done, at, width = 0, 0, _SHORTEST
    previous = b""
    total = len(raw) * 8
    padded = raw + b"\0\0\0"
    while at + width <= total and done <= most:
        byte = at >> 3
        window = padded[byte] << 16 | padded[byte + 1] << 8 | padded[byte + 2]
        code = window >> (24 - width - (at & 7)) & ((1 << width) - 1)
        at += width
        if code == _END:
            break
        if code == _CLEAR:
            table, width, previous = list(_LITERALS), _SHORTEST, b""
            continue
        if code < len(table):
            found = table[code]
        elif code == len(table) and previous:
            found = previous + previous[:1]
        else:
            raise DamagedPieceError("its LZW stream names a code that it has not made")
        if previous and len(table) < 1 << _LONGEST:
            table.append(previous + found[:1])
        out.append(found)
        done += len(found)
        previous = found
        width = min(_LONGEST, max(_SHORTEST, (len(table) + 1).bit_length()))
    return b"".join(out)


_UNPACK: dict[int, Callable[[bytes, int], bytes]] = {
    LZW: _unpack_lzw,
    DEFLATE: _inflate,
    OLD_DEFLATE: _inflate,
    PACKBITS: _unpack_bits,
}


def decode_rows(page: Page, raw: bytes, rows: int) -> npt.NDArray[np.generic]:
    """Return rows of a piece, uncompressed, as (rows, columns of a piece, samples of a piece) in native order."""
    columns, samples = page.piece[1], page.piece_samples
    if page.is_packed:
        return _unpack_numbers(page, raw, rows)
    if page.predictor == FLOAT_BYTES:
        return _add_float_bytes(page, raw, rows)
    values = np.frombuffer(raw, page.stored).reshape(rows, columns, samples)
    if page.predictor == DIFFERENCES:
        whole = np.dtype(f"u{min(page.stored.itemsize, 8)}")
        stored = whole.newbyteorder(page.order)
        shape = (rows, columns, samples, page.stored.itemsize // whole.itemsize)
        sums = np.add.accumulate(np.frombuffer(raw, stored).reshape(shape).astype(whole), axis=1, dtype=whole)
        return sums.view(page.stored.newbyteorder("=")).reshape(rows, columns, samples)
    return values.astype(page.stored.newbyteorder("="), copy=False)


def _add_float_bytes(page: Page, raw: bytes, rows: int) -> npt.NDArray[np.generic]:
    """Return floats whose bytes lie apart, the highest ones first, each as the difference to the one before."""
    columns, samples, width = page.piece[1], page.piece_samples, page.stored.itemsize
    differences = np.frombuffer(raw, np.uint8).reshape(rows, width * columns, samples)
    summed = np.add.accumulate(differences, axis=1, dtype=np.uint8).reshape(rows, width, columns * samples)
    together = np.ascontiguousarray(np.moveaxis(summed, 1, -1))
    values = together.view(page.stored.newbyteorder(">")).reshape(rows, columns, samples)
    return values.astype(page.stored.newbyteorder("="))


def _unpack_numbers(page: Page, raw: bytes, rows: int) -> npt.NDArray[np.generic]:
    """Return numbers that share bytes, the highest bit first; each row begins with a whole byte."""
    columns, samples, bits = page.piece[1], page.piece_samples, page.bits
    ones = np.unpackbits(np.frombuffer(raw, np.uint8).reshape(rows, page.row_bytes), axis=1)
    ones = ones[:, : columns * samples * bits].reshape(rows, columns, samples, bits)
    out = np.zeros((rows, columns, samples), page.stored)
    for bit in range(bits):
        out = (out << 1) | ones[..., bit]
    return out.astype(page.stored)
