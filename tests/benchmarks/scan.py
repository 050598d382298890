"""The scan that everything is measured on: Poisson counts, a direct disk and six Bragg disks, uint16."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.synthetic import render_disk

DETECTOR = (128, 128)
CENTER = (63.5, 63.5)
RADIUS = 16.0
ELECTRONS = 8000.0
WHOLE, QUICK = (256, 256), (128, 128)  # 2.1 GB, 0.5 GB


@dataclass(frozen=True, slots=True)
class Scan:
    """The raw file, its shape (scan_y, scan_x, detector_y, detector_x), and where its conversion lies."""

    path: Path
    shape: tuple[int, int, int, int]

    @property
    def converted(self) -> Path:
        """Folder of the converted signal."""
        return self.path.with_suffix(".converted")

    @property
    def nbytes(self) -> int:
        """Raw bytes."""
        return math.prod(self.shape) * 2


def make_scan(folder: Path, scan_shape: tuple[int, int]) -> Scan:
    """Write the scan, row by row."""
    scan = Scan(folder / f"scan_{scan_shape[0]}.raw", (*scan_shape, *DETECTOR))
    if scan.path.exists() and scan.path.stat().st_size == scan.nbytes:
        return scan
    expected = render_disk(DETECTOR, CENTER, RADIUS) + 0.002
    for angle in np.arange(6) * np.pi / 3:
        at = (CENTER[0] + 40 * np.sin(angle), CENTER[1] + 40 * np.cos(angle))
        expected += 0.2 * render_disk(DETECTOR, at, RADIUS)
    expected *= ELECTRONS / expected.sum()
    rng = np.random.default_rng(0)
    with scan.path.open("wb") as file:
        for _ in range(scan_shape[0]):
            file.write(rng.poisson(expected, (scan_shape[1], *DETECTOR)).astype(np.uint16).tobytes())
    return scan
