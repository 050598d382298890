"""Bob Jenkins' lookup3, by which HDF5 checks its metadata: https://burtleburtle.net/bob/c/lookup3.c, `hashlittle`."""

import struct

_MASK = 0xFFFFFFFF
_WORDS = 12


def compute_lookup3(content: bytes) -> int:
    """Return the 32-bit checksum of bytes, with the initial value 0 that HDF5 takes."""
    a = b = c = (0xDEADBEEF + len(content)) & _MASK
    if not content:
        return c
    rest = len(content) % _WORDS or _WORDS  # the last 1 to 12 bytes are mixed in another way
    for x, y, z in struct.iter_unpack("<III", content[: len(content) - rest]):
        a, b, c = _mix((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)
    x, y, z = struct.unpack("<III", content[len(content) - rest :].ljust(_WORDS, b"\0"))
    return _finish((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = ((a - c) & _MASK) ^ _rotate(c, 4)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rotate(a, 6)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rotate(b, 8)
    b = (b + a) & _MASK
    a = ((a - c) & _MASK) ^ _rotate(c, 16)
    c = (c + b) & _MASK
    b = ((b - a) & _MASK) ^ _rotate(a, 19)
    a = (a + c) & _MASK
    c = ((c - b) & _MASK) ^ _rotate(b, 4)
    return a, (b + a) & _MASK, c


def _finish(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rotate(b, 14)) & _MASK
    a = ((a ^ c) - _rotate(c, 11)) & _MASK
    b = ((b ^ a) - _rotate(a, 25)) & _MASK
    c = ((c ^ b) - _rotate(b, 16)) & _MASK
    a = ((a ^ c) - _rotate(c, 4)) & _MASK
    b = ((b ^ a) - _rotate(a, 14)) & _MASK
    return ((c ^ b) - _rotate(b, 24)) & _MASK
