"""Sequences of StreamPix with what Direct Electron writes beside them, from the offsets of NorPix's description."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

START = 1_660_243_750
HEADER_IMAGE_AT = {5: 8192, 4: 1024}


def build_header(
    shape: tuple[int, int],
    images: int,
    stride: int,
    *,
    bits: int = 16,
    version: int = 5,
    kind: int = 100,
    compression: int = 0,
    description: str = "StreamPix 8.5.0.143 (x64)",
) -> bytes:
    head = bytearray(HEADER_IMAGE_AT[version])
    struct.pack_into("<I", head, 0, 0xFEED)
    head[4:24] = "Norpix seq".encode("utf-16-le")
    struct.pack_into("<iI", head, 28, version, 1024)
    text = description.encode("utf-16-le")
    head[36 : 36 + len(text)] = text
    rows, columns = shape
    size = rows * columns * bits // 8
    struct.pack_into("<9Id", head, 548, columns, rows, bits, 12, size, kind, images, 0, stride, 30.0)
    struct.pack_into("<I", head, 620, compression)
    return bytes(head)


def write_seq(
    path: Path,
    images: npt.NDArray[Any],
    *,
    stride: int | None = None,
    version: int = 5,
    interval_us: int = 1000,
    **header: Any,
) -> Path:
    """Write (n, rows, columns) unsigned images, the stamps `interval_us` apart, to the next whole `stride`."""
    count, rows, columns = images.shape
    values = images.astype(images.dtype.newbyteorder("<"))
    size = rows * columns * values.itemsize
    step = stride or -(-(size + 8) // 512) * 512
    raw = bytearray(
        build_header((rows, columns), count, step, bits=8 * values.itemsize, version=version, **header)
    )
    for number, image in enumerate(values):
        micros = number * interval_us
        stamp = (START + micros // 1_000_000, micros // 1000 % 1000, micros % 1000)
        packed = struct.pack("<IHH", *stamp) if version >= 5 else struct.pack("<IH", *stamp[:2])
        raw += (image.tobytes() + packed).ljust(step, b"\0")
    path.write_bytes(bytes(raw))
    return path


def write_config(path: Path, shape: tuple[int, int], **settings: Any) -> Path:
    """Write the settings of a camera that records whole frames of `shape`."""
    said = {
        "StreamPixVersion": "4.3.7.2545", "CameraType": "Celeritas Camera", "ImageSizeX": shape[1],
        "ImageSizeY": shape[0], "ImageDepth": 12, "ImageBinning": 1, "FrameRate": 40000.0, "Mag": 0, "HT": 0,
        "SegmentPreBuffer": 1, **settings,
    }  # fmt: skip
    lines = "".join(f'<{name} Value="{value}" />\n' for name, value in said.items())
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Configuration>\n<BadPixels>\n<!-- <Defect Row="1" /> -->\n'
        f'<BadPixelMap Rows="1024" Columns="1024"><Defect Column="248" /></BadPixelMap>\n</BadPixels>\n'
        f"<FileInfo>\n{lines}</FileInfo>\n</Configuration>\n"
    )
    return path


def write_records(path: Path, count: int, *, camera: bool = True, camera_length: float = 0.0) -> Path:
    """Write one record a frame; of a Celeritas a counter alone, and rubbish behind it."""
    head = struct.pack("<4I", 1, 256, count, 224).ljust(256, b"\0")
    record = bytearray(b"\x5a" * 224)
    if camera:
        record[:] = bytes(224)
        struct.pack_into("<4I", record, 0, 224, 1, 8, 208)
        struct.pack_into("<8I", record, 16, 208, 16, 64, 64, 480, 480, 1, 12)
        struct.pack_into("<d", record, 48, 40000.0)
        struct.pack_into("<d", record, 104, camera_length)
        record[168:192] = b"2022-08-11 14:21:27.69\0\0"
    else:
        struct.pack_into("<4I", record, 0, 24, 1, 10, 8)
    path.write_bytes(head + bytes(record) * count)
    return path


def write_reference(path: Path, image: npt.NDArray[np.float32]) -> Path:
    """Write a dark or gain reference: 32766 sections by its header, the true number in the grid."""
    rows, columns = image.shape
    head = bytearray(1024)
    struct.pack_into("<4i", head, 0, columns, rows, 32766, 2)
    struct.pack_into("<6i", head, 28, columns, rows, 1, columns, rows, 1)
    struct.pack_into("<3i", head, 52, 90, 90, 90)
    struct.pack_into("<3i", head, 64, 1, 2, 3)
    head[208:214] = b"MAP DA"
    path.write_bytes(bytes(head) + image.astype("<f4").tobytes())
    return path


def write_halves(
    folder: Path, frames: npt.NDArray[Any], *, per_image: int = 1, stem: str = "scan"
) -> list[Path]:
    """Write (n, rows, columns) frames as a Celeritas does: upper half upside down, `per_image` below each other."""
    count, rows, columns = frames.shape
    shape = (count // per_image, per_image * rows // 2, columns)
    top = frames[:, : rows // 2][:, ::-1].reshape(shape)
    bottom = frames[:, rows // 2 :].reshape(shape)
    return [
        write_seq(folder / f"{stem}_Top_13-49-04.160.seq", top),
        write_seq(folder / f"{stem}_Bottom_13-49-04.196.seq", bottom),
    ]


def as_files(paths: Sequence[Path]) -> dict[str, Path]:
    return {path.name: path for path in paths}
