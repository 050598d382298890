"""TIFF files, written from the tables of the standard: classic and big, both byte orders, strips and tiles."""

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Order = Literal["<", ">"]
Value = int | float | str | bytes | tuple[int, ...] | tuple[float, ...]
FORMATS = {"u": 1, "i": 2, "f": 3, "c": 6}
KINDS = {"ascii": 2, "short": 3, "long": 4, "rational": 5, "undefined": 7, "double": 12, "long8": 16}
_LETTERS = {2: "s", 3: "H", 4: "I", 5: "I", 7: "s", 12: "d", 16: "Q"}
COMPRESSIONS = {"none": 1, "lzw": 5, "deflate": 8, "packbits": 32773}


def pack_bits(raw: bytes) -> bytes:
    """Return PackBits, with runs of equal bytes as runs."""
    out, at = bytearray(), 0
    while at < len(raw):
        run = 1
        while at + run < len(raw) and raw[at + run] == raw[at] and run < 128:
            run += 1
        if run > 1:
            out += bytes([257 - run, raw[at]])
        else:
            out += bytes([0, raw[at]])
        at += run
    return bytes(out)


def pack_lzw(raw: bytes) -> bytes:
    """Return LZW as TIFF 6.0 describes the compressor, with codes that grow one early."""
    table = {bytes([value]): value for value in range(256)}
    bits: list[str] = [f"{256:09b}"]
    following, width, word = 258, 9, b""
    for value in raw:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        bits.append(f"{table[word]:0{width}b}")
        table[longer] = following
        following += 1
        if following == (1 << width) and width < 12:
            width += 1
        elif following == 4094 + 1:
            bits.append(f"{256:0{width}b}")
            table = {bytes([value]): value for value in range(256)}
            following, width = 258, 9
        word = bytes([value])
    if word:
        bits.append(f"{table[word]:0{width}b}")
        following += 1
        if following == (1 << width) and width < 12:
            width += 1
    bits.append(f"{257:0{width}b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


PACK: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "lzw": pack_lzw,
    "deflate": zlib.compress,
    "packbits": pack_bits,
}


def pack_numbers(rows: npt.NDArray[Any], bits: int) -> bytes:
    """Return numbers of fewer bits than a byte, or of 12, the highest bit first, each row on whole bytes."""
    out = b""
    for row in rows.reshape(len(rows), -1):
        text = "".join(f"{int(value):0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        out += int(text, 2).to_bytes(len(text) // 8, "big")
    return out


@dataclass(frozen=True)
class PageLayout:
    """How pages are laid into the file."""

    compression: str = "none"
    rows_per_strip: int = 0
    tile: tuple[int, int] | None = None
    planar: bool = False
    predictor: int = 1
    bits: int = 0
    photometric: int = 1
    tags: Mapping[int, tuple[str, Value]] = field(default_factory=dict)
    without: tuple[int, ...] = ()


class TiffWriter:
    """Writes pages one after the other; directories stand behind their pieces, or before them."""

    def __init__(self, order: Order = "<", *, is_big: bool = False, directory_first: bool = False) -> None:
        self.order, self.is_big, self.directory_first = order, is_big, directory_first
        self.raw = bytearray(16 if is_big else 8)
        mark = {"<": b"II", ">": b"MM"}[order]
        if is_big:
            struct.pack_into(f"{order}2sHHH", self.raw, 0, mark, 43, 8, 0)
        else:
            struct.pack_into(f"{order}2sH", self.raw, 0, mark, 42)
        self.link_at = 8 if is_big else 4
        self.offsets: list[int] = []

    def add(self, values: npt.NDArray[Any], layout: PageLayout | None = None) -> None:
        """Add a page (rows, columns[, samples])."""
        layout = layout or PageLayout()
        pieces = [PACK[layout.compression](piece) for piece in self._cut(values, layout)]
        tags = self._describe(values, layout, [len(piece) for piece in pieces])
        at_tag = 324 if layout.tile else 273
        if self.directory_first:
            _, length = self._build(len(self.raw), {**tags, at_tag: ("long", (0,) * len(pieces))}, layout)
            starts = self._places(len(self.raw) + length, pieces)
            table, _ = self._build(len(self.raw), {**tags, at_tag: ("long", starts)}, layout)
            self._link(len(self.raw))
            self.raw += table + b"".join(pieces)
        else:
            starts = self._places(len(self.raw), pieces)
            self.raw += b"".join(pieces)
            self.raw += b"\0" * (len(self.raw) % 2)
            table, _ = self._build(len(self.raw), {**tags, at_tag: ("long", starts)}, layout)
            self._link(len(self.raw))
            self.raw += table

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(bytes(self.raw))
        return path

    def point_last_at(self, offset: int) -> None:
        """Let the last directory be followed by the one at an offset."""
        self._pack_link(offset)

    def _link(self, at: int) -> None:
        self._pack_link(at)
        self.offsets.append(at)
        self.link_at = at + self._next_after

    def _pack_link(self, at: int) -> None:
        struct.pack_into(f"{self.order}{'Q' if self.is_big else 'I'}", self.raw, self.link_at, at)

    @staticmethod
    def _places(start: int, pieces: Sequence[bytes]) -> tuple[int, ...]:
        lengths = [0, *(len(piece) for piece in pieces)]
        return tuple(start + int(total) for total in np.cumsum(lengths)[:-1])

    def _cut(self, values: npt.NDArray[Any], layout: PageLayout) -> list[bytes]:
        planes = [values[..., plane] for plane in range(values.shape[2])] if layout.planar else [values]
        pieces = []
        for plane in planes:
            rows, columns = plane.shape[:2]
            if layout.tile is None:
                high = layout.rows_per_strip or rows
                pieces += [self._encode(plane[row : row + high], layout) for row in range(0, rows, high)]
                continue
            high, wide = layout.tile
            for row in range(0, rows, high):
                for column in range(0, columns, wide):
                    part = plane[row : row + high, column : column + wide]
                    full = np.zeros((high, wide, *plane.shape[2:]), plane.dtype)
                    full[: part.shape[0], : part.shape[1]] = part
                    pieces.append(self._encode(full, layout))
        return pieces

    def _encode(self, part: npt.NDArray[Any], layout: PageLayout) -> bytes:
        if layout.bits:
            return pack_numbers(part, layout.bits)
        stored = part.astype(part.dtype.newbyteorder(self.order))
        if layout.predictor == 2:
            before = np.concatenate([np.zeros_like(part[:, :1]), part[:, :-1]], axis=1)
            stored = (part - before).astype(part.dtype.newbyteorder(self.order))
        if layout.predictor == 3:
            samples = part.shape[2] if part.ndim > 2 else 1
            width = part.dtype.itemsize
            lines = part.astype(part.dtype.newbyteorder(">")).reshape(len(part), -1)
            apart = lines.view(np.uint8).reshape(len(part), -1, width).swapaxes(1, 2).reshape(len(part), -1)
            shifted = np.concatenate([np.zeros_like(apart[:, :samples]), apart[:, :-samples]], axis=1)
            return bytes((apart - shifted).astype(np.uint8).tobytes())
        return stored.tobytes()

    def _describe(
        self, values: npt.NDArray[Any], layout: PageLayout, lengths: list[int]
    ) -> dict[int, tuple[str, Value]]:
        rows, columns = values.shape[:2]
        samples = values.shape[2] if values.ndim > 2 else 1
        bits = layout.bits or values.dtype.itemsize * 8
        tags: dict[int, tuple[str, Value]] = {
            256: ("long", columns),
            257: ("long", rows),
            258: ("short", (bits,) * samples),
            259: ("short", COMPRESSIONS[layout.compression]),
            262: ("short", layout.photometric),
            277: ("short", samples),
            284: ("short", 2 if layout.planar else 1),
            339: ("short", (FORMATS[values.dtype.kind],) * samples),
        }
        if layout.predictor != 1:
            tags[317] = ("short", layout.predictor)
        if layout.tile:
            tags |= {
                322: ("long", layout.tile[1]),
                323: ("long", layout.tile[0]),
                325: ("long", tuple(lengths)),
            }
        else:
            tags |= {278: ("long", layout.rows_per_strip or rows), 279: ("long", tuple(lengths))}
        return tags | dict(layout.tags)

    def _build(self, at: int, tags: Mapping[int, tuple[str, Value]], layout: PageLayout) -> tuple[bytes, int]:
        """Return a directory that stands at a byte, with its values behind it, and how long both are."""
        kept = {code: tags[code] for code in sorted(tags) if code not in layout.without}
        count, inline = ("Q", 8) if self.is_big else ("H", 4)
        entry, link = ("HHQ", "Q") if self.is_big else ("HHI", "I")
        head = struct.calcsize(f"={count}") + len(kept) * (struct.calcsize(f"={entry}") + inline)
        self._next_after = head
        behind = bytearray()
        start = at + head + struct.calcsize(f"={link}")
        table = bytearray(struct.pack(f"{self.order}{count}", len(kept)))
        for code, (kind, value) in kept.items():
            number, raw = self._pack(kind, value)
            table += struct.pack(f"{self.order}{entry}", code, KINDS[kind], number)
            if len(raw) <= inline:
                table += raw.ljust(inline, b"\0")
            else:
                table += struct.pack(f"{self.order}{'Q' if self.is_big else 'I'}", start + len(behind))
                behind += raw + b"\0" * (len(raw) % 2)
        table += struct.pack(f"{self.order}{link}", 0)
        return bytes(table + behind), len(table) + len(behind)

    def _pack(self, kind: str, value: Value) -> tuple[int, bytes]:
        letter = _LETTERS[KINDS[kind]]
        if isinstance(value, str):
            value = value.encode() + b"\0"
        if isinstance(value, bytes):
            return len(value), value
        numbers = value if isinstance(value, tuple) else (value,)
        count = len(numbers) // 2 if kind == "rational" else len(numbers)
        return count, struct.pack(f"{self.order}{len(numbers)}{letter}", *numbers)


def write_tiff(
    path: Path,
    pages: Sequence[npt.NDArray[Any]],
    layout: PageLayout | None = None,
    *,
    order: Order = "<",
    is_big: bool = False,
    directory_first: bool = False,
) -> Path:
    """Write pages in one layout."""
    writer = TiffWriter(order, is_big=is_big, directory_first=directory_first)
    for values in pages:
        writer.add(values, layout)
    return writer.write(path)


def write_large_stack(path: Path, frames: int, shape: tuple[int, int]) -> Path:
    """Write ImageJ's kind of stack with one directory, all frames behind it; they stay empty on the disk."""
    text = f"ImageJ=1.53t\nimages={frames}\nslices={frames}\nunit=nm\n"
    layout = PageLayout(tags={270: ("ascii", text), 282: ("rational", (10, 1)), 283: ("rational", (10, 1))})
    writer = TiffWriter(">", directory_first=True)
    writer.add(np.zeros(shape, np.uint16), layout)
    writer.write(path)
    start = path.stat().st_size - shape[0] * shape[1] * 2
    with path.open("rb+") as file:
        file.truncate(start + frames * shape[0] * shape[1] * 2)
        file.seek(start + (frames - 1) * shape[0] * shape[1] * 2)
        file.write((4711).to_bytes(2, "big"))
    return path
