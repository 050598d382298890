"""TIA series and their descriptions."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CODES = {"u1": 1, "u2": 2, "u4": 3, "i1": 4, "i2": 5, "i4": 6, "f4": 7, "f8": 8}
Dimension = tuple[int, float, str, str]  # size, step, description, unit


def write_ser(
    path: Path,
    elements: npt.NDArray[Any],
    dimensions: Sequence[Dimension],
    *,
    step: float = 1e-10,
    positions: Sequence[tuple[float, float]] | None = None,
    promised: int | None = None,
) -> Path:
    """Write (n, y, x) images, lowest row first, or (n, channels) spectra, little-endian, with 4-byte offsets."""
    recorded = len(elements)
    is_image = elements.ndim == 3
    tag = 0x4142 if positions is not None else 0x4152
    described = b"".join(_describe(*dimension) for dimension in dimensions)
    start = 30 + len(described)
    first = start + 8 * recorded
    body, offsets = b"", []
    for number, element in enumerate(elements):
        offsets.append(first + len(body))
        stored = element[::-1] if is_image else element
        body += (
            _calibrate(element, step, is_image=is_image)
            + stored.astype(stored.dtype.newbyteorder("<")).tobytes()
        )
        body += struct.pack("<HHI", tag, 0, 0)
        if positions is not None:
            body += struct.pack("<2d", *positions[number])
    kind = 0x4122 if is_image else 0x4120
    total = recorded if promised is None else promised
    head = struct.pack(
        "<HHHIIIIII", 0x4949, 0x0197, 0x210, kind, tag, total, recorded, start, len(dimensions)
    )
    table = struct.pack(f"<{recorded}I", *offsets) + struct.pack(f"<{recorded}I", *offsets)
    path.write_bytes(head + described + table + body)
    return path


def _describe(size: int, step: float, description: str, unit: str) -> bytes:
    texts = b"".join(struct.pack("<I", len(text)) + text.encode() for text in (description, unit))
    return struct.pack("<IddI", size, 0.0, step, 0) + texts


def _calibrate(element: npt.NDArray[Any], step: float, *, is_image: bool) -> bytes:
    code = CODES[element.dtype.str[1:]]
    axis = struct.pack("<ddI", 0.0, step, 0)
    return (axis * 2 if is_image else axis) + struct.pack(
        f"<H{element.ndim}I", code, *reversed(element.shape)
    )


def write_emi(path: Path, *pieces: dict[str, str], mode: str = " STEM nP SA Zoom Diffraction") -> Path:
    """Write one piece of XML for each set of `AcquireInfo` entries."""
    table = {
        ("Microscope", ""): "Microscope Titan 300 kV",
        ("User", ""): "ERIC",
        ("High tension", "kV"): "300",
        ("Mode", ""): mode,
        ("Camera length", "m"): "0.116",
        ("Stage A", "deg"): "-1.50",
    }
    lines = "".join(
        f"<Data><Label>{label}</Label><Value>{value}</Value><Unit>{unit}</Unit></Data>"
        for (label, unit), value in table.items()
    )
    written = b"\x4a\x4b\x00\x02" + bytes(60)
    for piece in pieces:
        acquired = "".join(f"<{key}>{value}</{key}>" for key, value in piece.items())
        written += (
            f"<ObjectInfo><ExperimentalDescription><Root>{lines}</Root></ExperimentalDescription>"
            f"<AcquireDate>Mon Feb 22 19:21:01 2016</AcquireDate><AcquireInfo>{acquired}</AcquireInfo>"
            "<Manufacturer>FEI (ISAS)</Manufacturer></ObjectInfo>"
        ).encode() + np.arange(100, dtype=np.uint8).tobytes()
    path.write_bytes(written)
    return path
