"""DECTRIS acquisitions as the detector's filewriter leaves them: a master, data files, and the STEM metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

_DETECTOR: Mapping[str, tuple[Any, str]] = {
    "bit_depth_image": (np.uint16(32), ""),
    "bit_depth_readout": (np.uint16(8), ""),
    "count_time": (9.95e-5, "s"),
    "frame_time": (9.96e-5, "s"),
    "description": (np.bytes_("Dectris ARINA CZT"), ""),
    "detector_number": (np.bytes_("A-01-0042"), ""),
    "threshold_energy": (17500.0, "eV"),
    "type": (np.bytes_("HPC"), ""),
    "x_pixel_size": (1e-4, "m"),
    "y_pixel_size": (1e-4, "m"),
}
STEM: Mapping[str, Any] = {
    "Camera Length": np.array([0.115]),
    "High Tension": np.array([200_000.0]),
    "IsPixelSizeCalibrated": np.array([0], np.uint8),
    "NumPixelsPrescan": np.array([0], np.uint32),
    "Pixel Size": np.array([0.14]),
    "Rotation": np.array([0.0]),
    "ScanDwellTime": np.array([0.0]),
}


def write_data_file(path: Path, frames: npt.NDArray[Any], first: int = 1, **storage: Any) -> Path:
    """Write (n, y, x) frames, numbered from `first`, each compressed by bitshuffle and LZ4."""
    with h5py.File(path, "w") as file:
        kept = storage or {"chunks": (1, *frames.shape[1:]), **hdf5plugin.Bitshuffle()}
        dataset = file.create_dataset("entry/data/data", data=frames, **kept)
        dataset.attrs.update(
            {"image_nr_low": np.uint64(first), "image_nr_high": np.uint64(first + len(frames) - 1)}
        )
        file["entry"].attrs["NX_class"] = np.bytes_("NXentry")
    return path


def write_master(
    path: Path,
    targets: Sequence[str],
    *,
    images: int = 1,
    triggers: int,
    mask: npt.NDArray[Any] | None = None,
    flatfield: npt.NDArray[Any] | None = None,
) -> Path:
    """Write a master that links to data files of these names."""
    with h5py.File(path, "w") as file:
        file["entry/definition"] = np.bytes_("NXmx")
        data = file.create_group("entry/data")
        for number, name in enumerate(targets, 1):
            data[f"data_{number:06d}"] = h5py.ExternalLink(name, "/entry/data/data")
        detector = file.create_group("entry/instrument/detector")
        for key, (value, unit) in _DETECTOR.items():
            detector[key] = value
            if unit:
                detector[key].attrs["units"] = np.bytes_(unit)
        detector["distance"] = h5py.SoftLink("/entry/instrument/detector/detector_distance")
        specific = detector.create_group("detectorSpecific")
        specific["photon_energy"] = 300_000.0
        specific["photon_energy"].attrs["units"] = np.bytes_("eV")
        specific["data_collection_date"] = np.bytes_("2025-05-03T01:51:00.302+02:00")
        specific["software_version"] = np.bytes_("1.8.0")
        specific["nimages"], specific["ntrigger"] = np.uint64(images), np.uint64(triggers)
        for name, values in (("pixel_mask", mask), ("flatfield", flatfield)):
            if values is not None:
                specific[name] = values
    return path


def write_sidecar(path: Path, scan_shape: tuple[int, int], **changes: Any) -> Path:
    """Write the STEM metadata of a scan (scan_y, scan_x)."""
    with h5py.File(path, "w") as file:
        group = file.create_group("STEM Metadata")
        group.attrs.update({**STEM, "NumPixelsY": scan_shape[0], "NumPixelsX": scan_shape[1], **changes})
    return path


def write_scan(
    folder: Path, patterns: npt.NDArray[Any], *, per_file: int = 4, name: str = "scan", **master: Any
) -> dict[str, Path]:
    """Write (scan_y, scan_x, y, x) patterns as a whole acquisition; the master comes first."""
    scan_shape, frames = patterns.shape[:2], patterns.reshape(-1, *patterns.shape[2:])
    data = []
    for number, first in enumerate(range(0, len(frames), per_file), 1):
        path = folder / f"{name}_data_{number:06d}.h5"
        data.append(write_data_file(path, frames[first : first + per_file], first + 1))
    written = write_master(
        folder / f"{name}_master.h5", [path.name for path in data], triggers=len(frames), **master
    )
    sidecar = write_sidecar(folder / f"{name}.h5", (scan_shape[0], scan_shape[1]))
    return {path.name: path for path in (written, *data, sidecar)}
