"""What reading a family costs: its file into Zarr, against a bare tensorstore loop over the same numbers, plain.

Files that can be mapped may cost 1.2 times as much; HDF5, Merlin's big-endian frames and compressed ones 1.5 times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.opening import open_measurement
from ingest.readers.contract import Axis, ReadHints, Region, SignalSource
from tests.benchmarks.scan import Scan
from tests.benchmarks.workloads import Work, convert_source, write_bare
from tests.vendor_files.blockfile import write_blockfile
from tests.vendor_files.dectris import write_data_file, write_master
from tests.vendor_files.dm import write_dm
from tests.vendor_files.empad import write_empad
from tests.vendor_files.hdf5 import write_hspy
from tests.vendor_files.mib import write_mib
from tests.vendor_files.mrc import write_mrc
from tests.vendor_files.seq import write_seq

MAPPED, READ = 1.2, 1.5
_LENGTH, _RECIPROCAL = (0.0, 0.5, "nm"), (0.0, 0.1, "1/nm")
_AXES = (
    {"units": "nm", "navigate": True}, {"units": "nm", "navigate": True}, {"units": "1/nm"}, {"units": "1/nm"},
)  # fmt: skip

Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Family:
    """A format, how its file is written from (scan_y, scan_x, y, x), and what it may cost."""

    format: str
    write: Callable[[Path, Values], tuple[Path, ...]]
    budget: float
    dtype: str = "uint16"


def _write_dm(folder: Path, values: Values) -> tuple[Path, ...]:
    calibrations = (_LENGTH, _LENGTH, _RECIPROCAL, _RECIPROCAL)
    return (write_dm(folder / "scan.dm4", values, calibrations=calibrations),)


def _write_dectris(folder: Path, values: Values) -> tuple[Path, ...]:
    frames = values.reshape(-1, *values.shape[2:])
    data = write_data_file(folder / "scan_data_000001.h5", frames)
    return write_master(folder / "scan_master.h5", [data.name], triggers=len(frames)), data


def _write_hspy(folder: Path, values: Values, chunks: tuple[int, ...] | None = None) -> tuple[Path, ...]:
    return (write_hspy(folder / "scan.hspy", {"scan": (values, _AXES)}, chunks=chunks),)


def _write_frames(
    write: Callable[[Path, Values], Path], ending: str, folder: Path, values: Values
) -> tuple[Path, ...]:
    return (write(folder / f"scan.{ending}", values.reshape(-1, *values.shape[2:])),)


def _write_numpy(folder: Path, values: Values) -> tuple[Path, ...]:
    np.save(folder / "scan.npy", values)
    return (folder / "scan.npy",)


FAMILIES: Mapping[str, Family] = {
    "empad": Family("empad", write_empad, MAPPED, "float32"),
    "blockfile": Family(
        "blockfile", lambda folder, values: (write_blockfile(folder / "scan.blo", values),), MAPPED, "uint8"
    ),
    "dm4": Family("dm4", _write_dm, MAPPED),
    "mrc": Family("mrc", partial(_write_frames, write_mrc, "mrc"), MAPPED),
    "seq": Family("seq", partial(_write_frames, write_seq, "seq"), MAPPED),
    "npy": Family("numpy_npy", _write_numpy, MAPPED),
    "mib": Family("mib", partial(_write_frames, write_mib, "mib"), READ),
    "hspy": Family("hspy", _write_hspy, READ),
    "hspy_chunks": Family("hspy", partial(_write_hspy, chunks=(1, 16, 128, 128)), READ),
    "dectris": Family("dectris", _write_dectris, READ, "uint32"),
}


def write_families(scan: Scan) -> None:
    """Write the scan in every format, each in a folder of its own beside it, and its plain numbers."""
    counts = np.memmap(scan.path, np.uint16, "r", shape=scan.shape)
    for name, family in FAMILIES.items():
        folder = _folder_of(scan, name)
        folder.mkdir()
        values = np.minimum(counts, np.iinfo(np.uint8).max) if family.dtype == "uint8" else np.asarray(counts)
        values = values.astype(family.dtype)
        np.save(folder / "plain.npy", values)
        files = family.write(folder, values)
        (folder / "files").write_text("\n".join(path.name for path in files), encoding="utf-8")


def _folder_of(scan: Scan, name: str) -> Path:
    return scan.path.with_suffix(f".{name}")


def _convert(name: str, scan: Scan, work: Path) -> Work:
    """Open the file as a depositor's, with the scan shape answered, and write Zarr."""
    folder = _folder_of(scan, name)
    files = {one: folder / one for one in (folder / "files").read_text(encoding="utf-8").splitlines()}
    hints = ReadHints.from_dict(
        {"scan_shape": scan.shape[:2], "array": {"axes": ["scan_y", "scan_x", "detector_y", "detector_x"]}}
    )
    opened = open_measurement(FAMILIES[name].format, files, hints)
    run = convert_source(next(one for one in opened.signals if one.name == "data"), work)

    def run_opened() -> dict[str, Any]:
        with opened:
            return run()

    return run_opened


def _write_plain(name: str, scan: Scan, work: Path) -> Work:
    """Write Zarr of the same numbers from a plain file, by a bare loop."""
    plain = np.load(_folder_of(scan, name) / "plain.npy", mmap_mode="r")

    def load(region: Region) -> Values:
        return np.array(plain[region])

    names = ("scan_y", "scan_x", "detector_y", "detector_x")
    axes = tuple(Axis(axis, size) for axis, size in zip(names, scan.shape, strict=True))
    return write_bare(SignalSource("data", scan.shape, plain.dtype, axes, 2, load), work)


def name_workloads(name: str) -> tuple[str, str]:
    """Return what ours and theirs of a family are called."""
    return f"read_{name}", f"plain_{name}"


FAMILY_WORKLOADS: dict[str, Callable[[Scan, Path], Work]] = {
    **{name_workloads(name)[0]: partial(_convert, name) for name in FAMILIES},
    **{name_workloads(name)[1]: partial(_write_plain, name) for name in FAMILIES},
}
