"""Files of many gigabytes that take little of a disk: their values are holes, and their headers are whole."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from ingest.formats.blockfile.reader import FRAME_MARK_BYTES, HEADER_DTYPE
from ingest.formats.empad.reader import FRAME_BYTES
from tests.vendor_files.blockfile import write_blockfile
from tests.vendor_files.dectris import write_master
from tests.vendor_files.dm import write_dm_hole
from tests.vendor_files.empad import write_empad
from tests.vendor_files.mib import frame_header
from tests.vendor_files.mrc import build_blocks, write_mrc
from tests.vendor_files.seq import build_header
from tests.vendor_files.tiff import write_large_stack


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A measurement on the disk: its format, and its files, the primary one first."""

    format: str
    files: Mapping[str, Path]


def write_empad_scan(folder: Path, nbytes: int) -> LargeFile:
    xml, raw = write_empad(folder, np.zeros((1, 1, 128, 128), np.float32))
    side = round((nbytes / FRAME_BYTES) ** 0.5)
    xml.write_text(xml.read_text().replace(">1<", f">{side}<").replace("scan_x1_y1", "scan"))
    named = raw.rename(folder / "scan.raw")
    _extend(named, side * side * FRAME_BYTES)
    return LargeFile("empad", {"scan.xml": xml, "scan.raw": named})


def write_mib_scan(folder: Path, nbytes: int) -> LargeFile:
    path = folder / "scan.mib"
    stride = len(frame_header(1, (256, 256), "U16", 12)) + 256 * 256 * 2
    frames = nbytes // stride
    with path.open("wb") as file:
        file.truncate(frames * stride)
        for number in range(frames):
            file.seek(number * stride)
            file.write(frame_header(number + 1, (256, 256), "U16", 12))
    return LargeFile("mib", {"scan.mib": path})


def write_dectris_scan(folder: Path, nbytes: int) -> LargeFile:
    data = folder / "scan_data_000001.h5"
    side = round((nbytes / (192 * 192 * 4)) ** 0.5)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    with h5py.File(data, "w") as file:
        group = file.create_group("entry/data")
        space = h5py.h5s.create_simple((side * side, 192, 192))
        h5py.h5d.create(group.id, b"data", h5py.h5t.NATIVE_UINT32, space, dcpl=properties)
        group["data"].attrs.update({"image_nr_low": 1, "image_nr_high": side * side})
    master = write_master(folder / "scan_master.h5", [data.name], triggers=side * side)
    return LargeFile("dectris", {master.name: master, data.name: data})


def write_blockfile_scan(folder: Path, nbytes: int) -> LargeFile:
    path = write_blockfile(folder / "scan.blo", np.zeros((2, 2, 144, 144), np.uint8))
    side = round((nbytes / (144 * 144 + FRAME_MARK_BYTES)) ** 0.5)
    with path.open("r+b") as file:
        record = np.frombuffer(file.read(HEADER_DTYPE.itemsize), HEADER_DTYPE).copy()
        record["NX"] = record["NY"] = side
        start = int(record["Data_offset_1"][0]) + side * side
        record["Data_offset_2"] = start
        file.seek(0)
        file.write(record.tobytes())
    stride = 144 * 144 + FRAME_MARK_BYTES
    _extend(path, start + side * side * stride)
    with path.open("r+b") as file:
        for number in (0, 1, side * side - 1):
            file.seek(start + number * stride)
            file.write(b"\xaa\x55")
    return LargeFile("blockfile", {"scan.blo": path})


def write_dm_scan(folder: Path, nbytes: int) -> LargeFile:
    """Write a scan of patterns with its tags behind them."""
    side = round((nbytes / (128 * 128 * 2)) ** 0.5)
    calibrations = [(0, 1, "nm"), (0, 1, "nm"), (0, 1, "1/nm"), (0, 1, "1/nm")]
    shape = (side, side, 128, 128)
    return LargeFile(
        "dm4", {"scan.dm4": write_dm_hole(folder / "scan.dm4", shape, calibrations=calibrations)}
    )


def write_dm_spectra(folder: Path, nbytes: int) -> LargeFile:
    """Write a spectrum image as DigitalMicrograph does: energy slowest, so that each spectrum is all over the file."""
    side = round((nbytes / (1024 * 2)) ** 0.5)
    calibrations = [(0, 1, "eV"), (0, 1, "nm"), (0, 1, "nm")]
    path = write_dm_hole(folder / "map.dm4", (1024, side, side), calibrations=calibrations)
    return LargeFile("dm4", {"map.dm4": path})


def write_mrc_stack(folder: Path, nbytes: int) -> LargeFile:
    blocks = build_blocks("FEI2", [{"HT": 300_000.0}])
    path = write_mrc(
        folder / "stack.mrc", np.zeros((1, 4096, 4096), np.uint16), extended=blocks, kind=b"FEI2"
    )
    sections = nbytes // (4096 * 4096 * 2)
    with path.open("r+b") as file:
        file.seek(8)
        file.write(sections.to_bytes(4, "little"))
    _extend(path, 1024 + len(blocks) + sections * 4096 * 4096 * 2)
    return LargeFile("mrc", {"stack.mrc": path})


def write_seq_scan(folder: Path, nbytes: int) -> LargeFile:
    path = folder / "scan.seq"
    stride = 512 * 512 * 2 + 8192
    frames = nbytes // stride
    path.write_bytes(build_header((512, 512), frames, stride))
    _extend(path, 8192 + frames * stride)
    return LargeFile("seq", {"scan.seq": path})


def write_tiff_stack(folder: Path, nbytes: int) -> LargeFile:
    frames = nbytes // (4096 * 4096 * 2)
    return LargeFile("tiff", {"stack.tif": write_large_stack(folder / "stack.tif", frames, (4096, 4096))})


def write_contiguous_hspy(folder: Path, nbytes: int) -> LargeFile:
    path = folder / "scan.hspy"
    side = round((nbytes / (128 * 128 * 2)) ** 0.5)
    _write_hspy(path, (side, side, 128, 128), None)
    return LargeFile("hspy", {"scan.hspy": path})


def write_chunked_hspy(folder: Path, nbytes: int) -> LargeFile:
    """Write compressed chunks of two rows, all of them the same bytes."""
    path = folder / "scan.hspy"
    side = round((nbytes / (128 * 128 * 2)) ** 0.5 / 2) * 2
    chunk = (2, 2, 128, 128)
    packed = zlib.compress(np.zeros(chunk, np.uint16).tobytes())
    _write_hspy(path, (side, side, 128, 128), chunk)
    with h5py.File(path, "r+") as file:
        dataset = file["Experiments/scan/data"].id
        for row in range(0, side, chunk[0]):
            for column in range(0, side, chunk[1]):
                dataset.write_direct_chunk((row, column, 0, 0), packed)
    return LargeFile("hspy", {"scan.hspy": path})


def _write_hspy(path: Path, shape: tuple[int, ...], chunks: tuple[int, ...] | None) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    if chunks:
        properties.set_chunk(chunks)
        properties.set_deflate(6)
    else:
        properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    with h5py.File(path, "w") as file:
        file.attrs.update({"file_format": "HyperSpy", "file_format_version": "3.1"})
        group = file.create_group("Experiments/scan")
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(group.id, b"data", h5py.h5t.NATIVE_UINT16, space, dcpl=properties)
        for number, size in enumerate(shape):
            unit = "nm" if number < 2 else "1/nm"
            axis = {"name": "", "units": unit, "scale": 1.0, "offset": 0.0, "navigate": number < 2}
            group.create_group(f"axis-{number}").attrs.update({**axis, "size": size})
        group.create_group("metadata/Signal").attrs["signal_type"] = ""


def _extend(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
