"""The text header before every Merlin frame, and the hdr file beside the data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.refusals import UPLOAD_AGAIN, refuse, refuse_truncated

_MAX_HEADER_BYTES = 65_536
_MAX_SIDE = 65_536
MARK = b"MQ1,"
_FIXED_FIELDS = 14
_THRESHOLDS = 8
MAX_HDR_BYTES = 2**20
_RAW_BYTES_PER_8_PIXELS = {1: 1, 6: 8, 12: 16, 24: 32}
_RAW_DTYPES = {1: np.uint8, 6: np.uint8, 12: np.uint16, 24: np.uint32}


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Geometry and settings of one frame; sizes in pixels as the header gives them."""

    fields: dict[str, Any]
    header_bytes: int
    width: int
    height: int
    chips: int
    layout: str
    pixel_type: str
    depth_bits: int

    @property
    def is_raw(self) -> bool:
        """Whether pixels are packed as the chip gives them."""
        return self.pixel_type.startswith("R")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded values, native byte order."""
        if self.is_raw:
            return np.dtype(_RAW_DTYPES[self.depth_bits])
        return np.dtype(f"u{int(self.pixel_type[1:]) // 8}")

    @property
    def image_bytes(self) -> int:
        """Bytes of one frame without its header."""
        if not self.is_raw:
            return self.width * self.height * self.dtype.itemsize
        # A 24-bit frame counts each of its two 12-bit halves as columns of their own.
        columns = self.width // 2 if self.depth_bits == 24 else self.width  # noqa: PLR2004 - bits
        return columns * self.height * _RAW_BYTES_PER_8_PIXELS[self.depth_bits] // 8

    @property
    def stride(self) -> int:
        """Bytes from one frame to the next."""
        return self.header_bytes + self.image_bytes

    def same_frames_as(self, other: "FrameHeader") -> bool:
        """Whether frames of both lie in the same way."""
        return (self.stride, self.width, self.height, self.pixel_type, self.depth_bits) == (
            (other.stride, other.width, other.height, other.pixel_type, other.depth_bits)
        )


def read_frame_header(path: Path, start: int = 0) -> FrameHeader:
    """Parse the header at byte `start`.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if the file ends within the header; `mib_header_unreadable`, if its fields make
        no frame.
    """
    with path.open("rb") as handle:
        handle.seek(start)
        head = handle.read(_MAX_HEADER_BYTES)
    parts = [part.strip() for part in head[:_MAX_HEADER_BYTES].decode("latin-1").split(",", _FIXED_FIELDS)]
    try:
        header_bytes = int(parts[2])
    except (IndexError, ValueError):
        raise _unreadable(path, head, _FIXED_FIELDS * 8) from None
    if len(head) < header_bytes:
        raise refuse_truncated(path, expected=start + header_bytes, actual=start + len(head), what="header")
    return _parse(path, head[:header_bytes], header_bytes)


def _unreadable(path: Path, head: bytes, least: int) -> Exception:
    if len(head) < least:
        return refuse_truncated(path, expected=least, actual=len(head), what="header of the first frame")
    return refuse("mib_header_unreadable", f"{path.name} has no readable frame header.", UPLOAD_AGAIN)


def _parse(path: Path, head: bytes, header_bytes: int) -> FrameHeader:
    text = head.decode("latin-1").rstrip(" \0\r\n")
    parts = [part.strip() for part in text.split(",")]
    try:
        header = FrameHeader(
            fields=_name_fields(parts),
            header_bytes=header_bytes,
            width=int(parts[4]),
            height=int(parts[5]),
            chips=int(parts[3]),
            layout=parts[7],
            pixel_type=parts[6].upper(),
            depth_bits=_depth(parts),
        )
    except (IndexError, ValueError):
        raise _unreadable(path, head, 0) from None
    known = {"U08", "U8", "U16", "U32", "U64", "R64"}
    sides = 0 < header.width <= _MAX_SIDE and 0 < header.height <= _MAX_SIDE
    if header.pixel_type not in known or not sides or not 0 < header_bytes <= _MAX_HEADER_BYTES:
        raise _unreadable(path, head, 0)
    if header.is_raw and header.depth_bits not in _RAW_DTYPES:
        raise _unreadable(path, head, 0)
    return header


def _depth(parts: list[str]) -> int:
    """Return the counter depth in bits: after the MQ1A block; older headers have the pixel type only."""
    if "MQ1A" in parts:
        after = parts[parts.index("MQ1A") + 1 :]
        if len(after) >= len(("timestamp", "exposure", "depth")):
            return int(after[2])
    return int(parts[6][1:])


def _name_fields(parts: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "sequence_number": int(parts[1]),
        "header_bytes": int(parts[2]),
        "chips": int(parts[3]),
        "width": int(parts[4]),
        "height": int(parts[5]),
        "pixel_type": parts[6],
        "sensor_layout": parts[7],
        "chip_select": parts[8],
        "timestamp_local": parts[9],
        "exposure_s": float(parts[10]),
        "counter": int(parts[11]),
        "color_mode": int(parts[12]),
        "gain_mode": int(parts[13]),
        "thresholds_keV": _numbers(parts[14 : 14 + _THRESHOLDS]),
    }
    if "MQ1A" in parts:
        after = parts[parts.index("MQ1A") + 1 :]
        fields["timestamp_utc"] = after[0]
        fields["exposure_ns"] = int(after[1].removesuffix("ns"))
        fields["counter_depth_bits"] = int(after[2])
    return fields


def _numbers(parts: list[str]) -> list[float]:
    numbers = []
    for part in parts:
        try:
            numbers.append(float(part))
        except ValueError:
            return numbers
    return numbers


def read_hdr(path: Path) -> dict[str, str]:
    """Return the lines of an hdr file as key and text; keys without their colon."""
    lines = path.read_bytes()[:MAX_HDR_BYTES].decode("latin-1").splitlines()
    fields: dict[str, str] = {}
    for line in lines:
        key, tab, value = line.partition("\t")
        if tab and not key.startswith(("HDR", "End")):
            fields[key.strip().removesuffix(":")] = value.strip(" \t\0")
    return fields


def find_whole_number(fields: dict[str, str], *keys: str) -> int | None:
    """Return the first of the keys that holds a positive whole number."""
    for key in keys:
        text = fields.get(key, "")
        if text.isascii() and text.isdigit() and 0 < int(text) < 2**40:
            return int(text)
    return None
