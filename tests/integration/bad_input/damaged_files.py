"""One folder with everything that goes wrong: real formats, cut short, hostile, incomplete or misnamed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from tests.synthetic import make_pattern_scan
from tests.vendor_files.blockfile import write_blockfile
from tests.vendor_files.dm import write_dm
from tests.vendor_files.empad import write_empad, write_raw
from tests.vendor_files.hdf5 import write_hspy
from tests.vendor_files.mib import write_hdr, write_mib

SCAN = (5, 6)
FRACTIONS = (1, 50, 99)
AXES = [
    {"name": "y", "units": "nm", "scale": 0.1, "navigate": True},
    {"name": "x", "units": "nm", "scale": 0.1, "navigate": True},
    {"name": "ky", "units": "1/nm", "scale": 0.2, "navigate": False},
    {"name": "kx", "units": "1/nm", "scale": 0.2, "navigate": False},
]
COUNTS = make_pattern_scan(scan_shape=SCAN, detector_shape=(64, 64), electrons=4000.0, dtype=np.uint16).data
FRAMES = COUNTS.reshape(-1, 64, 64)
EMPAD = make_pattern_scan(scan_shape=SCAN, detector_shape=(128, 128), dtype=np.float32).data


def write_all(root: Path) -> None:
    """Write every case into a folder of its own, and good measurements between them."""
    for name, write in CASES.items():
        folder = root / name
        folder.mkdir(parents=True)
        write(folder)
    for kind, (write, broken) in WHOLE.items():
        for percent in FRACTIONS:
            folder = root / f"{kind}_{percent}"
            folder.mkdir()
            write(folder)
            truncate(folder / broken, percent)


def truncate(path: Path, percent: int) -> None:
    size = path.stat().st_size * percent // 100
    with path.open("rb+") as file:
        file.truncate(size)


def _good_empad(folder: Path) -> None:
    write_empad(folder, EMPAD)


def _mib(folder: Path) -> None:
    write_mib(folder / "scan.mib", FRAMES)
    write_hdr(folder / "scan.hdr", frames=len(FRAMES), per_trigger=SCAN[1], scan_shape=SCAN)


def _mib_alone(folder: Path) -> None:
    write_mib(folder / "alone.mib", FRAMES)


def _raw_alone(folder: Path) -> None:
    write_raw(folder / "alone.raw", EMPAD)
    write_raw(folder / f"scan_x{SCAN[1]}_y{SCAN[0]}.raw", EMPAD * 2)


def _xml_alone(folder: Path) -> None:
    _, raw = write_empad(folder, EMPAD)
    raw.unlink()


def _absolute_xml(folder: Path) -> None:
    write_empad(folder, EMPAD, raw_name="/etc/passwd")


def _dm4(folder: Path) -> None:
    write_dm(folder / "scan.dm4", COUNTS)


def _hspy(folder: Path) -> None:
    write_hspy(folder / "scan.hspy", {"scan": (COUNTS, AXES)}, chunks=(1, 2, 64, 64))


def _blockfile(folder: Path) -> None:
    write_blockfile(folder / "scan.blo", np.minimum(COUNTS, 255).astype(np.uint8))


def _empty(folder: Path) -> None:
    (folder / "nothing.dm4").write_bytes(b"")


def _html(folder: Path) -> None:
    (folder / "page.dm3").write_text(
        "<!DOCTYPE html><html><script>alert(1)</script><p>404 not found</p></html>"
    )


def _replace_data(folder: Path, put: Callable[[h5py.File], None]) -> None:
    path = write_hspy(folder / "scan.hspy", {"scan": (COUNTS[:1, :1, :8, :8], AXES)})
    with h5py.File(path, "r+") as file:
        del file["Experiments/scan/data"]
        put(file)


def _external_link(folder: Path) -> None:
    def put(file: h5py.File) -> None:
        file["Experiments/scan/data"] = h5py.ExternalLink("/etc/passwd", "/data")

    _replace_data(folder, put)


def _external_storage(folder: Path) -> None:
    def put(file: h5py.File) -> None:
        file.create_dataset("Experiments/scan/data", (8, 8), "u1", external=[("/etc/passwd", 0, 64)])

    _replace_data(folder, put)


def _claim(folder: Path) -> None:
    def put(file: h5py.File) -> None:
        file.create_dataset("Experiments/scan/data", (1000, 1000, 500, 500), "f4", chunks=(64, 64, 64, 64))

    _replace_data(folder, put)


def _twice(folder: Path) -> None:
    _dm4(folder)
    shutil.copyfile(folder / "scan.dm4", folder / "copy of scan.dm4")


def _unknown(folder: Path) -> None:
    (folder / "stage.xyz").write_bytes(np.random.default_rng(8).bytes(5000))
    (folder / "notes.txt").write_text("Aperture 3, spot 6.\n")


def _bare(folder: Path) -> None:
    with h5py.File(folder / "scan.emd", "w") as file:
        group = file.create_group("data/scan")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=COUNTS[0, 0])
        for axis in range(2):
            group.create_dataset(f"dim{axis + 1}", data=np.arange(COUNTS.shape[2 + axis], dtype=float))


CASES: dict[str, Callable[[Path], None]] = {
    "good_empad": _good_empad,
    "good_mib": _mib,
    "good_dm4": _dm4,
    "good_hspy": _hspy,
    "good_blockfile": _blockfile,
    "mib_alone": _mib_alone,
    "raw_alone": _raw_alone,
    "xml_alone": _xml_alone,
    "absolute_xml": _absolute_xml,
    "empty": _empty,
    "html": _html,
    "external_link": _external_link,
    "external_storage": _external_storage,
    "claim": _claim,
    "twice": _twice,
    "unknown": _unknown,
    "bare": _bare,
}
WHOLE: dict[str, tuple[Callable[[Path], None], str]] = {
    "mib": (_mib, "scan.mib"),
    "empad": (_good_empad, f"scan_x{SCAN[1]}_y{SCAN[0]}.raw"),
    "dm4": (_dm4, "scan.dm4"),
    "hdf5": (_hspy, "scan.hspy"),
    "blockfile": (_blockfile, "scan.blo"),
}
