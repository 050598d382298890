"""Merlin MIB files with their hdr, plain and RAW."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_HDR = """HDR,\t
Time and Date Stamp (day, mnth, yr, hr, min, s):\t07/05/2021 18:50:41
Chip ID:\tW559_G11, - , - , -
Counter Depth (number):\t{depth}
Thresholds (keV):\t4.000000E+1,5.110000E+2
bpc File:\tc:\\MERLIN_Quad_Config\\W559_G11\\W559_G11_SPM.bpc,,,
Frames in Acquisition (Number):\t{frames}
Frames per Trigger (Number):\t{per_trigger}
{scan}Software Version:\t0.76.1.101
End\t"""


def frame_header(
    number: int, shape: tuple[int, int], pixel_type: str, depth: int, *, chips: int = 1, layout: str = "1x1"
) -> bytes:
    """Return one padded frame header; shape is (rows, columns) as the header counts them."""
    size = 384 if chips == 1 else 768
    text = (
        f"MQ1,{number:06d},{size:05d},{chips:02d},{shape[1]:04d},{shape[0]:04d},{pixel_type},{layout:>6},01,"
        f"2021-05-07 18:51:10.{number:06d},0.100000,0,0,0,4.000000E+1,5.110000E+2,3RX,068,511,"
        f"MQ1A,2021-05-07T16:51:10.{number:06d}928Z,100000000ns,{depth},"
    )
    return text.encode().ljust(size)


def pack_raw(frame: npt.NDArray[Any], depth: int) -> bytes:
    """Pack one chip's frame as Medipix shifts it out: 64 bits at a time, the last pixel first."""
    flat = frame.ravel()
    if depth == 1:
        return np.packbits(flat.reshape(-1, 64)[:, ::-1], axis=1).tobytes()
    if depth == 6:
        return flat.astype("u1").reshape(-1, 8)[:, ::-1].tobytes()
    if depth == 12:
        return flat.astype(">u2").reshape(-1, 4)[:, ::-1].tobytes()
    return pack_raw(frame >> 12, 12) + pack_raw(frame & 0xFFF, 12)


def quad_rows(frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the rows in which a 2 × 2 detector writes an image (2s, 2s): (s, 4s)."""
    side = frame.shape[0] // 2
    top, bottom = frame[:side], frame[side:][::-1, ::-1]
    return np.concatenate([bottom[:, :side], bottom[:, side:], top[:, side:], top[:, :side]], axis=1)


def write_mib(path: Path, frames: npt.NDArray[Any], *, raw_depth: int | None = None, first: int = 1) -> Path:
    """Write (n, rows, columns) frames of unsigned counts; RAW when a depth is given."""
    _, rows, columns = frames.shape
    bits = frames.dtype.itemsize * 8
    with path.open("wb") as handle:
        for number, frame in enumerate(frames, first):
            if raw_depth is None:
                depth = {8: 6, 16: 12, 32: 24}[bits]
                handle.write(frame_header(number, (rows, columns), f"U{bits:02d}", depth))
                handle.write(frame.astype(frame.dtype.newbyteorder(">")).tobytes())
                continue
            wide = columns * 2 if raw_depth == 24 else columns
            handle.write(frame_header(number, (rows, wide), "R64", raw_depth))
            handle.write(pack_raw(frame, raw_depth))
    return path


def write_quad_raw(path: Path, frames: npt.NDArray[Any], depth: int) -> Path:
    """Write (n, 2s, 2s) images of a 2 × 2 detector as RAW."""
    side = frames.shape[1] // 2
    with path.open("wb") as handle:
        for number, frame in enumerate(frames, 1):
            wide = 4 * side * (2 if depth == 24 else 1)
            handle.write(frame_header(number, (side, wide), "R64", depth, chips=4, layout="2x2"))
            handle.write(pack_raw(quad_rows(frame), depth))
    return path


def write_with_gap(
    path: Path, chips: npt.NDArray[Any], gap: int, fill: int = 0, layout: str = "2x2G"
) -> Path:
    """Write (n, 512, 512) images of four chips with a gap of `gap` pixels between them, which hold `fill`."""
    images = np.insert(chips, [256] * gap, fill, axis=1)
    images = np.insert(images, [256] * gap, fill, axis=2)
    with path.open("wb") as handle:
        for number, image in enumerate(images, 1):
            handle.write(frame_header(number, image.shape, "U16", 12, chips=4, layout=layout))
            handle.write(image.astype(">u2").tobytes())
    return path


def write_hdr(
    path: Path,
    *,
    frames: int,
    per_trigger: int = 1,
    scan_shape: tuple[int, int] | None = None,
    depth: int = 12,
    gap_fill: str = "",
) -> Path:
    """Write the hdr beside a MIB; newer software adds the scan shape."""
    scan = f"ScanX:\t{scan_shape[1]}\nScanY:\t{scan_shape[0]}\n" if scan_shape else ""
    scan += f"Gap Fill Mode:\t{gap_fill}\n" if gap_fill else ""
    path.write_text(_HDR.format(depth=depth, frames=frames, per_trigger=per_trigger, scan=scan))
    return path
