"""Recognizing and opening read no more of a 10 GB file than of a small one: sparse files, bytes counted."""

from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest

from ingest.formats.blockfile.reader import FRAME_MARK_BYTES, HEADER_DTYPE
from ingest.formats.empad.reader import FRAME_BYTES
from ingest.formats.mib.flyback import MOST_LOOKED_AT
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import ReadHints
from tests.vendor_files.blockfile import write_blockfile
from tests.vendor_files.dectris import write_master
from tests.vendor_files.dm import write_dm
from tests.vendor_files.empad import write_empad
from tests.vendor_files.mib import frame_header
from tests.vendor_files.mrc import build_blocks, write_mrc
from tests.vendor_files.tiff import write_large_stack

SIDE = 512
LARGE = 10 * 10**9
MOST_BYTES = 4 * 2**20

Written = tuple[str, Mapping[str, Path]]


def write_empad_scan(folder: Path) -> Written:
    xml, raw = write_empad(folder, np.zeros((1, 1, 128, 128), np.float32))
    side = round((LARGE / FRAME_BYTES) ** 0.5)
    xml.write_text(xml.read_text().replace(">1<", f">{side}<").replace("scan_x1_y1", "scan"))
    named = raw.rename(folder / "scan.raw")
    _extend(named, side * side * FRAME_BYTES)
    return "empad", {"scan.xml": xml, "scan.raw": named}


def write_mib_scan(folder: Path) -> Written:
    path = folder / "scan.mib"
    header = frame_header(1, (256, 256), "U16", 12)
    stride = len(header) + 256 * 256 * 2
    frames = LARGE // stride
    with path.open("wb") as file:
        file.truncate(frames * stride)
        for number in range(MOST_LOOKED_AT):
            file.seek(number * stride)
            file.write(frame_header(number + 1, (256, 256), "U16", 12))
        file.seek((frames - 1) * stride)
        file.write(frame_header(frames, (256, 256), "U16", 12))
    return "mib", {"scan.mib": path}


def write_dectris_scan(folder: Path) -> Written:
    data = folder / "scan_data_000001.h5"
    frames = LARGE // (192 * 192 * 4)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    with h5py.File(data, "w") as file:
        group = file.create_group("entry/data")
        space = h5py.h5s.create_simple((frames, 192, 192))
        h5py.h5d.create(group.id, b"data", h5py.h5t.NATIVE_UINT32, space, dcpl=properties)
        group["data"].attrs.update({"image_nr_low": 1, "image_nr_high": frames})
    master = write_master(folder / "scan_master.h5", [data.name], triggers=frames)
    return "dectris", {master.name: master, data.name: data}


def write_blockfile_scan(folder: Path) -> Written:
    path = write_blockfile(folder / "scan.blo", np.zeros((2, 2, 144, 144), np.uint8))
    side = round((LARGE / (144 * 144 + FRAME_MARK_BYTES)) ** 0.5)
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
    return "blockfile", {"scan.blo": path}


def write_dm_scan(folder: Path) -> Written:
    # The tags lie behind the array: it is written out, and so smaller.
    stored = np.zeros((64, 64, 64, 64), np.uint16)
    calibrations = [(0, 1, "nm"), (0, 1, "nm"), (0, 1, "1/nm"), (0, 1, "1/nm")]
    return "dm4", {"scan.dm4": write_dm(folder / "scan.dm4", stored, calibrations=calibrations)}


def write_mrc_stack(folder: Path) -> Written:
    blocks = build_blocks("FEI2", [{"HT": 300_000.0}])
    path = write_mrc(
        folder / "stack.mrc", np.zeros((1, 4096, 4096), np.uint16), extended=blocks, kind=b"FEI2"
    )
    sections = LARGE // (4096 * 4096 * 2)
    with path.open("r+b") as file:
        file.seek(8)
        file.write(sections.to_bytes(4, "little"))
    _extend(path, 1024 + len(blocks) + sections * 4096 * 4096 * 2)
    return "mrc", {"stack.mrc": path}


def write_tiff_stack(folder: Path) -> Written:
    frames = LARGE // (4096 * 4096 * 2)
    return "tiff", {"stack.tif": write_large_stack(folder / "stack.tif", frames, (4096, 4096))}


def write_contiguous_hspy(folder: Path) -> Written:
    path = folder / "scan.hspy"
    _write_hspy(path, (SIDE, SIDE, 128, 128), None)
    return "hspy", {"scan.hspy": path}


def write_chunked_hspy(folder: Path) -> Written:
    path = folder / "scan.hspy"
    _write_hspy(path, (64, 64, 64, 64), (1, 1, 64, 64))
    return "hspy", {"scan.hspy": path}


def _write_hspy(path: Path, shape: tuple[int, ...], chunks: tuple[int, ...] | None) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    if chunks:
        properties.set_chunk(chunks)
    with h5py.File(path, "w") as file:
        file.attrs.update({"file_format": "HyperSpy", "file_format_version": "3.1"})
        group = file.create_group("Experiments/scan")
        h5py.h5d.create(
            group.id, b"data", h5py.h5t.NATIVE_UINT16, h5py.h5s.create_simple(shape), dcpl=properties
        )
        for number, size in enumerate(shape):
            axis = {"name": "", "units": "nm", "scale": 1.0, "offset": 0.0, "navigate": number < 2}
            group.create_group(f"axis-{number}").attrs.update({**axis, "size": size})
        group.create_group("metadata/Signal").attrs["signal_type"] = ""


def _extend(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


@pytest.mark.parametrize(
    "write",
    [
        write_empad_scan,
        write_mib_scan,
        write_dectris_scan,
        write_blockfile_scan,
        write_dm_scan,
        write_mrc_stack,
        write_tiff_stack,
        write_contiguous_hspy,
        write_chunked_hspy,
    ],
)
def test_opening_reads_the_header_and_no_more(write: Callable[[Path], Written], tmp_path: Path) -> None:
    form, files = write(tmp_path)
    before = _bytes_read()
    assert next(recognize(path, name).readable for name, path in files.items())
    with open_measurement(form, files, ReadHints()) as opened:
        signal = opened.signals[0]
        assert signal.nbytes > LARGE / 2 or form == "dm4" or signal.stored_block
    assert _bytes_read() - before < MOST_BYTES
