"""NanoMEGAS Blockfiles."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt


def write_blockfile(path: Path, patterns: npt.NDArray[np.uint8]) -> Path:
    """Write (scan_y, scan_x, side, side) patterns with a step of 12.8 nm at 200 kV and 200 mm."""
    scan_y, scan_x, side, _ = patterns.shape
    first = 0x1000
    second = first + scan_y * scan_x
    second += second % 16
    head = struct.pack(
        "<6sHIIIHHHHHddIHId", b"IMGBLO", 0x0102, first, second, 131141, side, 0, scan_x, scan_y, 2500,
        12.8, 12.8, 200_000, 6226, 2000, 42339.65,
    )  # fmt: skip
    head += struct.pack("<22d", *np.zeros(22)) + b"Precession angle : \r\nCamera gamma : on"
    image = patterns.mean(axis=(2, 3)).astype("u1").tobytes()
    frames = b"".join(
        b"\xaa\x55" + struct.pack("<I", number) + frame.tobytes()
        for number, frame in enumerate(patterns.reshape(-1, side, side))
    )
    path.write_bytes((head.ljust(first, b"\0") + image).ljust(second, b"\0") + frames)
    return path
