"""An afternoon at the microscope: forty measurements of four kinds and ten files that are none of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.vendor_files.dm import write_dm
from tests.vendor_files.mib import write_hdr, write_mib

N_IMAGES, N_SCANS, N_EELS, N_EDS = 16, 12, 6, 6
N_MEASUREMENTS = N_IMAGES + N_SCANS + N_EELS + N_EDS
SIZE, SCAN, CHANNELS = 48, 6, 256
STEP = (0, 0.05, "nm")
SCOPE: Mapping[str, Any] = {
    "Name": "TITAN",
    "Voltage": 80000.0,
    "Illumination Mode": "STEM NANOPROBE",
    "STEM Camera Length": 115.0,
}
BAR: Mapping[str, Any] = {"Acquisition Date": "3/4/2026", "Acquisition Time": "10:12:31 AM"}
OTHERS: Mapping[str, bytes] = {
    "notes.txt": b"Grid 3, square B4. Drifted until eleven.",
    "sessions.csv": b"file,remark\nhaadf_00.dm4,too thick\n",
    "protocol.pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
    "plan.md": b"# Plan\n\nFirst the map, then the scans.\n",
    "settings.json": b'{"aperture": 2}',
    "screenshot.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    ".DS_Store": b"\0\0\0\1Bud1" + b"\0" * 60,
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 60,
    "~$plan.docx": b"\x05marie" + b"\0" * 40,
    "haadf_00.dm4.crdownload": b"half a file",
}


def write_afternoon(folder: Path) -> list[Path]:
    """Write the files of the afternoon; return them all, in the order of a folder."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(11)
    for number in range(N_IMAGES):
        _write_image(folder / f"haadf_{number:02}.dm4", random)
    for number in range(N_SCANS):
        _write_scan(folder, f"scan_{number:02}", random)
    for number in range(N_EELS):
        _write_spectra(folder / f"eels_{number:02}.dm4", random, kind="EELS")
    for number in range(N_EDS):
        _write_spectra(folder / f"eds_{number:02}.dm4", random, kind="X-ray")
    for name, content in OTHERS.items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def _write_image(path: Path, random: np.random.Generator) -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    lattice = 200 + 80 * np.cos(0.9 * x) * np.cos(0.9 * y) + random.normal(0, 4, (SIZE, SIZE))
    digiscan = {"Sample Time": 10.0, "Rotation": 0.0}
    write_dm(
        path,
        lattice.astype("f4"),
        calibrations=[STEP, STEP],
        tags={"Microscope Info": dict(SCOPE), "DigiScan": digiscan, "DataBar": dict(BAR)},
        name="HAADF",
    )


def _write_scan(folder: Path, name: str, random: np.random.Generator) -> None:
    y, x = np.mgrid[-32:32, -32:32]
    disk = 40.0 * (np.hypot(y, x) < 12) + 1
    frames = random.poisson(disk, (SCAN * SCAN, 64, 64)).astype("u2")
    write_mib(folder / f"{name}.mib", frames)
    write_hdr(folder / f"{name}.hdr", frames=len(frames), scan_shape=(SCAN, SCAN))


def _write_spectra(path: Path, random: np.random.Generator, *, kind: str) -> None:
    energies = np.arange(CHANNELS)
    mean = 5 + 400 * np.exp(-(((energies - 60) / 4) ** 2)) + 60 * np.exp(-energies / 80)
    cube = random.poisson(mean[:, None, None], (CHANNELS, SCAN, SCAN)).astype("f4")
    conditions = {"Convergence semi-angle (mrad)": 0.0, "Collection semi-angle (mrad)": 40.0}
    eels = {"EELS": {"Experimental Conditions": conditions}} if kind == "EELS" else {}
    dispersion = (0.0, 0.5, "eV") if kind == "EELS" else (0.0, 0.01, "keV")
    write_dm(
        path,
        cube,
        calibrations=[dispersion, STEP, STEP],
        tags={
            "Microscope Info": dict(SCOPE),
            "DataBar": dict(BAR),
            "Meta Data": {"Signal": kind, "Format": "Spectrum image"},
            "SI": {"Acquisition": {"Pixel time (s)": 0.01}},
            **eels,
        },
    )
