"""Bytes of one chunk as they were before they were packed; what a packed chunk may grow to is known before.

Only codecs of this table are run: none of them makes objects. Names and settings are those of numcodecs for version 2
and of the specification for version 3 (`numcodecs.NAME` is the former in the latter).
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import google_crc32c
import numcodecs
import numpy as np
from numcodecs import blosc, lz4, zstd

from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import decline

CODEC_ERRORS = (
    RuntimeError, ValueError, TypeError, EOFError, OverflowError, OSError, KeyError, IndexError, zlib.error,
    lzma.LZMAError, struct.error,
)  # fmt: skip
_BLOSC_HEAD = struct.Struct("<BBBBIII")
_LZMA_MEMORY = 256 * 2**20
_CRC_BYTES = 4
_NUMBERS = "biufc"

Unpack = Callable[[bytes | bytearray, int], bytes | bytearray]
"""Returns unpacked bytes: (packed, how many they must be at most)."""


class ChunkDamagedError(Exception):
    """A chunk does not unpack to what the array says; the sentence says why."""


def _inflate(window: int) -> Unpack:
    def unpack(raw: bytes | bytearray, limit: int) -> bytes | bytearray:
        stream = zlib.decompressobj(window)
        out = stream.decompress(raw, limit + 1)
        if len(out) <= limit and not stream.eof:
            raise ChunkDamagedError("its bytes end too early")
        return out

    return unpack


def _stream(begin: Callable[[], Any]) -> Unpack:
    def unpack(raw: bytes | bytearray, limit: int) -> bytes | bytearray:
        stream = begin()
        out: bytes = stream.decompress(raw, limit + 1)
        if len(out) <= limit and not stream.eof:
            raise ChunkDamagedError("its bytes end too early")
        return out

    return unpack


def _unpack_blosc(raw: bytes | bytearray, limit: int) -> bytes | bytearray:
    if len(raw) < _BLOSC_HEAD.size:
        raise ChunkDamagedError("its bytes end too early")
    _, _, _, _, size, block, packed = _BLOSC_HEAD.unpack_from(raw)
    if size > limit or packed != len(raw) or not 0 < block <= max(size, 1):
        raise ChunkDamagedError(f"blosc promises {size} bytes of {packed}, in blocks of {block}")
    blosc.use_threads = False  # calls from several threads are only safe without blosc's own pool
    return bytes(blosc.decompress(raw))


def _unpack_zstd(raw: bytes | bytearray, limit: int) -> bytes | bytearray:
    """Unpack into so many bytes and no more; a frame may keep back how many it makes."""
    size = _read_zstd_size(raw)
    if size is not None and size > limit:
        raise ChunkDamagedError(f"zstd promises {size} bytes")
    out = bytearray(limit if size is None else size)
    zstd.decompress(raw, out)
    return out


def _read_zstd_size(raw: bytes | bytearray) -> int | None:
    """Return how many bytes the first frame makes; None where it does not say.

    Notes
    -----
    RFC 8878, section 3.1.1.1: descriptor after the magic number, then window, dictionary id and content size.
    """
    flags = raw[4]
    is_single = bool(flags & 0x20)
    width = (1 if is_single else 0, 2, 4, 8)[flags >> 6]
    at = 5 + (not is_single) + (0, 1, 2, 4)[flags & 3]
    if not width:
        return None
    size = int.from_bytes(raw[at : at + width], "little")
    return size + 256 if width == 2 else size  # noqa: PLR2004 - the field of two bytes begins at 256


def _unpack_lz4(raw: bytes | bytearray, limit: int) -> bytes | bytearray:
    size = struct.unpack_from("<i", raw)[0]
    if not 0 <= size <= limit:
        raise ChunkDamagedError(f"lz4 promises {size} bytes")
    return bytes(lz4.decompress(raw))


def _check_crc32c(raw: bytes | bytearray, _limit: int) -> bytes | bytearray:
    """Compare the checksum in the last four bytes."""
    body = raw[:-_CRC_BYTES]
    if google_crc32c.value(bytes(body)) != int.from_bytes(raw[-_CRC_BYTES:], "little"):
        raise ChunkDamagedError("its checksum is another than it says")
    return body


def _open_xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_LZMA_MEMORY)


_PLAIN: Mapping[str, Unpack] = {
    "zlib": _inflate(zlib.MAX_WBITS),
    "gzip": _inflate(zlib.MAX_WBITS | 16),
    "bz2": _stream(bz2.BZ2Decompressor),
    "lzma": _stream(_open_xz),
    "blosc": _unpack_blosc,
    "zstd": _unpack_zstd,
    "lz4": _unpack_lz4,
}
_FILTERS = frozenset(
    {
        "shuffle",
        "delta",
        "fixedscaleoffset",
        "quantize",
        "bitround",
        "astype",
        "packbits",
        "crc32",
        "adler32",
        "crc32c",
    }
)
SPEC_NAMES: Mapping[str, Unpack] = {
    "gzip": _PLAIN["gzip"],
    "zstd": _PLAIN["zstd"],
    "blosc": _PLAIN["blosc"],
    "crc32c": _check_crc32c,
}
_TYPE_KEYS = ("dtype", "astype", "encode_dtype", "decode_dtype")


@dataclass(frozen=True, slots=True)
class _Filter:
    """A filter of numcodecs; it never makes more than eight bytes of one."""

    codec: Any

    def __call__(self, raw: bytes | bytearray, _limit: int) -> bytes | bytearray:
        return np.ascontiguousarray(np.asarray(self.codec.decode(raw))).view(np.uint8).tobytes()


def find_numcodec(config: Any, *, where: str) -> Unpack:
    """Return what undoes a codec of numcodecs.

    Raises
    ------
    ReadRefusedError
        `zarr_codec_not_read`.
    """
    name = str(config.get("id", "")) if isinstance(config, dict) else str(config)
    if name in _PLAIN:
        if name == "lzma" and config.get("format") == lzma.FORMAT_RAW:
            raise refuse_codec("lzma without a header", where)
        return _PLAIN[name]
    if name not in _FILTERS:
        raise refuse_codec(name, where)
    try:
        if any(np.dtype(config[key]).kind not in _NUMBERS for key in _TYPE_KEYS if config.get(key)):
            raise refuse_codec(f"{name} of no numbers", where)
        return _Filter(numcodecs.get_codec(dict(config)))
    except CODEC_ERRORS as error:
        raise refuse_codec(f"{name} ({str(error)[:60]})", where) from error


def refuse_codec(name: str, where: str) -> ReadRefusedError:
    """Build the refusal of an array that was packed in a way that is not read."""
    shown = name.encode("ascii", "backslashreplace").decode()[:80] or "without a name"
    return decline(
        "zarr_codec_not_read",
        f"{where} is packed with the codec {shown}, which is not read.",
        "Read are blosc, zstd, gzip, zlib, lz4, bz2, lzma, crc32c, shuffle, delta and sharding. No objects, no texts.",
    )
