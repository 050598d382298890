"""The extended header of Thermo Fisher's programs, types FEI1 and FEI2: one block of fields for each section.

Units: HT V, dose e/m², tilts and tilt axis degree, stage and pixel size m, defocus m, convergence angle rad, camera
length m, dwell and frame time s, time stamp in days since 30 December 1899.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ingest.formats.mrc.header import MrcHeader

BLOCK_BYTES = {"FEI1": 768, "FEI2": 888}
_MASKS = {1: 8, 2: 297, 3: 490}  # always little-endian; a bit says that a field was filled
_MOST_BLOCKS = 4096
_Kind = Literal["d", "i", "?", "16s"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a block; `mask` and `bit` say where the file tells that it was filled."""

    name: str
    offset: int
    kind: _Kind
    mask: int
    bit: int


FIELDS = (
    Field("Timestamp", 12, "d", 1, 0),
    Field("Microscope type", 20, "16s", 1, 1),
    Field("D-Number", 36, "16s", 1, 2),
    Field("Application", 52, "16s", 1, 3),
    Field("Application version", 68, "16s", 1, 4),
    Field("HT", 84, "d", 1, 5),
    Field("Dose", 92, "d", 1, 6),
    Field("Alpha tilt", 100, "d", 1, 7),
    Field("Beta tilt", 108, "d", 1, 8),
    Field("X-Stage", 116, "d", 1, 9),
    Field("Y-Stage", 124, "d", 1, 10),
    Field("Z-Stage", 132, "d", 1, 11),
    Field("Tilt axis angle", 140, "d", 1, 12),
    Field("Pixel size X", 156, "d", 1, 14),
    Field("Pixel size Y", 164, "d", 1, 15),
    Field("Defocus", 220, "d", 1, 22),
    Field("STEM Defocus", 228, "d", 1, 23),
    Field("Instrument mode", 244, "i", 1, 25),
    Field("Projection mode", 248, "i", 1, 26),
    Field("Objective lens mode", 252, "16s", 1, 27),
    Field("Magnification", 289, "d", 1, 31),
    Field("Camera length", 301, "d", 2, 0),
    Field("Spot index", 309, "i", 2, 1),
    Field("Convergence angle", 329, "d", 2, 4),
    Field("Illumination mode", 337, "16s", 2, 5),
    Field("Integration time", 419, "d", 2, 16),
    Field("Camera name", 435, "16s", 2, 19),
    Field("STEM Detector name", 519, "16s", 3, 7),
    Field("Dwell time", 571, "d", 3, 15),
    Field("Frame time", 579, "d", 3, 16),
    Field("Full scan FOV X", 603, "d", 3, 21),
    Field("Full scan FOV Y", 611, "d", 3, 22),
)


def read_blocks(raw: bytes, header: MrcHeader) -> Iterator[dict[str, Any]]:
    """Yield the filled fields of each section's block, as far as whole blocks are there."""
    stride = BLOCK_BYTES.get(header.extended_type)
    if stride is None:
        return
    for number in range(min(header.shape[0], len(raw) // stride, _MOST_BLOCKS)):
        yield _read_block(raw[number * stride : (number + 1) * stride], header.order)


def _read_block(block: bytes, order: str) -> dict[str, Any]:
    masks = {mask: struct.unpack_from("<I", block, offset)[0] for mask, offset in _MASKS.items()}
    filled: dict[str, Any] = {}
    for field in FIELDS:
        if not masks[field.mask] >> field.bit & 1:
            continue
        (value,) = struct.unpack_from(f"{order}{field.kind}", block, field.offset)
        is_text = isinstance(value, bytes)
        filled[field.name] = value.partition(b"\0")[0].decode("latin-1").strip() if is_text else value
    return filled
