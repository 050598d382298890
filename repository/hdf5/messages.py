"""The messages of object headers: types, shapes, filters, layouts, attributes, links (HDF5 format, IV.A.2)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from repository.hdf5.checksum import compute_lookup3

UNDEFINED = 0xFFFF_FFFF_FFFF_FFFF
BLOSC = 32001
"""Registered at The HDF Group; hdf5plugin has it."""

_COMPRESSORS = {"blosclz": 0, "lz4": 1, "lz4hc": 2, "snappy": 3, "zlib": 4, "zstd": 5}
_SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
# size -> bits, exponent at, exponent bits, mantissa bits, bias
_FLOATS = {2: (16, 10, 5, 10, 15), 4: (32, 23, 8, 23, 127), 8: (64, 52, 11, 52, 1023)}


class UnknownTypeError(ValueError):
    """There is no type in HDF5 by which these values are written."""


def describe_integer(size: int, *, signed: bool) -> bytes:
    """Return the type of little-endian whole numbers of `size` bytes."""
    return struct.pack("<B3BIHH", 0x10, 0x08 if signed else 0, 0, 0, size, 0, 8 * size)


def describe_float(size: int) -> bytes:
    """Return the type of little-endian IEEE 754 numbers of `size` bytes."""
    bits, at, exponent, mantissa, bias = _FLOATS[size]
    head = struct.pack("<B3BI", 0x11, 0x20, bits - 1, 0, size)
    return head + struct.pack("<HHBBBBI", 0, bits, at, exponent, 0, mantissa, bias)


def describe_complex(size: int) -> bytes:
    """Return the type by which h5py knows complex numbers: a compound of `r` and `i`."""
    half = describe_float(size // 2)
    members = b"r\0" + bytes([0]) + half + b"i\0" + bytes([size // 2]) + half
    return struct.pack("<B3BI", 0x36, 2, 0, 0, size) + members


def describe_boolean() -> bytes:
    """Return the type by which h5py knows booleans: an enumeration of FALSE and TRUE."""
    base = describe_integer(1, signed=True)
    return struct.pack("<B3BI", 0x38, 2, 0, 0, 1) + base + b"FALSE\0TRUE\0\x00\x01"


TEXT = struct.pack("<B3BI", 0x19, 0x01, 0x01, 0, 16) + describe_integer(1, signed=False)
"""The type of UTF-8 of any length; the characters lie in a global heap."""


def describe_numpy_type(name: str) -> tuple[bytes, int]:
    """Return type and bytes of a value, by the name that Zarr v3 and numpy have for it.

    Raises
    ------
    UnknownTypeError
        For a name that no stored array has.
    """
    kind = name.rstrip("0123456789")
    bits = int(name[len(kind) :] or 0)
    if kind in {"int", "uint"} and bits in {8, 16, 32, 64}:
        return describe_integer(bits // 8, signed=kind == "int"), bits // 8
    if kind == "float" and bits // 8 in _FLOATS:
        return describe_float(bits // 8), bits // 8
    if kind == "complex" and bits in {64, 128}:
        return describe_complex(bits // 8), bits // 8
    if name == "bool":
        return describe_boolean(), 1
    raise UnknownTypeError(f"HDF5 has no type for values of {name!r}.")


def describe_shape(shape: Sequence[int] | None) -> bytes:
    """Return the dataspace of a shape; of None that of a scalar."""
    if shape is None:
        return struct.pack("<BBBB", 2, 0, 0, 0)
    return struct.pack("<BBBB", 2, len(shape), 0, 1) + struct.pack(f"<{len(shape)}Q", *shape)


@dataclass(frozen=True, slots=True)
class Blosc:
    """How the chunks of an array are compressed, in the words of Zarr's codec `blosc`."""

    name: str
    level: int
    shuffle: str
    itemsize: int
    chunk_bytes: int

    def describe(self) -> bytes:
        """Return the filter pipeline."""
        values = (
            2,  # of the filter
            2,  # of the format
            self.itemsize,
            min(self.chunk_bytes, 0xFFFF_FFFF),
            self.level,
            _SHUFFLES[self.shuffle],
            _COMPRESSORS[self.name],
        )
        name = b"blosc\0"
        head = struct.pack("<BBHHHH", 2, 1, BLOSC, len(name), 0, len(values))
        return head + name + struct.pack(f"<{len(values)}I", *values)


FILL = struct.pack("<BB", 3, 0x0B)
"""Zero where nothing was written, which is what a Zarr array of ours has for a chunk that is not there."""


def describe_compact(content: bytes) -> bytes:
    """Return the layout of a value that stands in the header itself."""
    return struct.pack("<BBH", 3, 0, len(content)) + content


def describe_contiguous(address: int, size: int) -> bytes:
    """Return the layout of values in one piece."""
    return struct.pack("<BBQQ", 3, 1, address, size)


def describe_chunked(address: int, chunk: Sequence[int], itemsize: int) -> bytes:
    """Return the layout of values in chunks, which a B-tree at `address` finds."""
    head = struct.pack("<BBBQ", 3, 2, len(chunk) + 1, address)
    return head + struct.pack(f"<{len(chunk) + 1}I", *chunk, itemsize)


def build_attribute(name: str, datatype: bytes, space: bytes, content: bytes) -> bytes:
    """Return the message of an attribute."""
    encoded = name.encode() + b"\0"
    return (
        struct.pack("<BBHHHB", 3, 0, len(encoded), len(datatype), len(space), 1)
        + encoded
        + datatype
        + space
        + content
    )


def build_link(name: str, address: int) -> bytes:
    """Return the message of a hard link."""
    encoded = name.encode()
    return struct.pack("<BBBH", 1, 0x11, 1, len(encoded)) + encoded + struct.pack("<Q", address)


NO_LINKS_ELSEWHERE = struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED)
GROUP_INFO = struct.pack("<BB", 0, 0)

SPACE, LINK_INFO, TYPE, FILL_VALUE, LINK, LAYOUT, GROUP, FILTERS, ATTRIBUTE = (
    0x01, 0x02, 0x03, 0x05, 0x06, 0x08, 0x0A, 0x0B, 0x0C,
)  # fmt: skip


def build_header(messages: Sequence[tuple[int, bytes]]) -> bytes:
    """Return an object header of version 2 with its checksum."""
    body = b"".join(struct.pack("<BHB", kind, len(content), 0) + content for kind, content in messages)
    head = b"OHDR" + struct.pack("<BBI", 2, 0x02, len(body)) + body
    return head + struct.pack("<I", compute_lookup3(head))


def build_superblock(*, root: int, end: int) -> bytes:
    """Return the first 48 bytes of a file that ends at `end`: a reader refuses one that is shorter."""
    head = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBBQQQQ", 2, 8, 8, 0, 0, UNDEFINED, end, root)
    return head + struct.pack("<I", compute_lookup3(head))
