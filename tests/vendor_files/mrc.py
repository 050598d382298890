"""MRC files, written from the standard's table of offsets."""

import struct
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

Order = Literal["<", ">"]
MODES = {"i1": 0, "u1": 0, "i2": 1, "f4": 2, "u2": 6, "f2": 12}
BLOCK = {"FEI1": 768, "FEI2": 888}
# name -> (offset, type, mask, bit), the fields that the tests fill
FIELDS: dict[str, tuple[int, str, int, int]] = {
    "HT": (84, "d", 8, 5),
    "Alpha tilt": (100, "d", 8, 7),
    "Pixel size X": (156, "d", 8, 14),
    "Pixel size Y": (164, "d", 8, 15),
    "Instrument mode": (244, "i", 8, 25),
    "Projection mode": (248, "i", 8, 26),
    "Camera length": (301, "d", 297, 0),
    "Convergence angle": (329, "d", 297, 4),
    "STEM Detector name": (519, "16s", 490, 7),
    "Dwell time": (571, "d", 490, 15),
}


def write_mrc(
    path: Path,
    sections: npt.NDArray[Any],
    *,
    order: Order = "<",
    cell: tuple[float, float, float] = (0.0, 0.0, 0.0),
    space_group: int = 0,
    imod_flags: int | None = None,
    value_range: tuple[float, float] = (0.0, -1.0),
    mark: bytes = b"MAP ",
    mode: int | None = None,
    extended: bytes = b"",
    kind: bytes = b"",
) -> Path:
    """Write (z, y, x) values; `cell` is (x, y, z) in ångström."""
    z, y, x = sections.shape
    head = bytearray(1024)
    struct.pack_into(f"{order}4i", head, 0, x, y, z, MODES[sections.dtype.str[1:]] if mode is None else mode)
    struct.pack_into(f"{order}3i3f", head, 28, x, y, z, *cell)
    struct.pack_into(f"{order}3i2f", head, 64, 1, 2, 3, *value_range)
    struct.pack_into(f"{order}2i", head, 88, space_group, len(extended))
    head[104 : 104 + len(kind)] = kind
    if imod_flags is not None:
        struct.pack_into(f"{order}2i", head, 152, 1146047817, imod_flags)
    head[208:212] = mark
    head[212:214] = b"\x44\x44" if order == "<" else b"\x11\x11"
    values = sections.astype(sections.dtype.newbyteorder(order))
    path.write_bytes(bytes(head) + extended + values.tobytes())
    return path


def build_blocks(kind: str, sections: list[dict[str, Any]], order: Order = "<") -> bytes:
    """Return an extended header of Thermo Fisher with these fields for each section."""
    blocks = b""
    for fields in sections:
        block = bytearray(BLOCK[kind])
        struct.pack_into(f"{order}2i", block, 0, BLOCK[kind], 2 if kind == "FEI2" else 0)
        for name, value in fields.items():
            offset, form, mask, bit = FIELDS[name]
            struct.pack_into(f"{order}{form}", block, offset, value)
            (filled,) = struct.unpack_from("<I", block, mask)
            struct.pack_into("<I", block, mask, filled | 1 << bit)
        blocks += bytes(block)
    return blocks
