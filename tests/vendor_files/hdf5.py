"""HDF5 files of HyperSpy, NCEM and emdfile, written attribute by attribute."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

AxisSpec = Mapping[str, Any]


def write_hspy(
    path: Path,
    experiments: Mapping[str, tuple[npt.NDArray[Any], Sequence[AxisSpec]]],
    *,
    chunks: tuple[int, ...] | None = None,
) -> Path:
    """Write experiments as HyperSpy 3.1 does; axes have name, units, scale, offset, navigate."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"file_format": "HyperSpy", "file_format_version": "3.1"})
        for title, (data, axes) in experiments.items():
            group = file.create_group(f"Experiments/{title}")
            group.create_dataset("data", data=data, chunks=chunks, compression="gzip" if chunks else None)
            for number, (axis, size) in enumerate(zip(axes, data.shape, strict=True)):
                values = {"scale": 1.0, "offset": 0.0, "navigate": False, **axis, "size": size}
                group.create_group(f"axis-{number}").attrs.update(values)
            group.create_group("metadata/General").attrs["title"] = title
            group.create_group("metadata/Signal").attrs["signal_type"] = ""
            microscope = {"beam_energy": 200.0, "note": np.nan}
            group.create_group("metadata/Acquisition_instrument/TEM").attrs.update(microscope)
    return path


def write_ncem_emd(path: Path, data: npt.NDArray[Any], dims: Sequence[tuple[str, str, float]]) -> Path:
    """Write one array group with dimension vectors; dims are (name, unit, step)."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"version_major": 0, "version_minor": 2})
        group = file.create_group("data/scan")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=data)
        for number, ((name, unit, step), size) in enumerate(zip(dims, data.shape, strict=True), 1):
            vector = group.create_dataset(f"dim{number}", data=np.arange(size) * step)
            vector.attrs.update({"name": np.bytes_(name), "units": np.bytes_(unit)})
        file.create_group("microscope").attrs.update({"high tension": 200_000.0, "dwell time": 1e-6})
        file.create_group("user").attrs["name"] = "A. Person"
    return path


def write_py4dstem(path: Path, data: npt.NDArray[Any], *, step_nm: float, pixel: float) -> Path:
    """Write a data cube as emdfile 1.0 does, calibrated in nm and A^-1."""
    with h5py.File(path, "w") as file:
        root = {
            "authoring_program": "emdfile",
            "emd_group_type": "file",
            "version_major": 1,
            "version_minor": 0,
        }
        file.attrs.update(root)
        file.create_group("datacube_root").attrs.update({"emd_group_type": "root", "python_class": "Root"})
        cube = file.create_group("datacube_root/datacube")
        cube.attrs.update({"emd_group_type": "array", "python_class": "DataCube"})
        cube.create_dataset("data", data=data).attrs["units"] = "pixel intensity"
        for number, (name, unit, step) in enumerate(
            [("Rx", "nm", step_nm), ("Ry", "nm", step_nm), ("Qx", "A^-1", pixel), ("Qy", "A^-1", pixel)]
        ):
            vector = cube.create_dataset(f"dim{number}", data=np.array([0.0, step]))
            vector.attrs.update({"name": name, "units": unit})
        bundle = file.create_group("datacube_root/metadatabundle")
        bundle.attrs["emd_group_type"] = "metadatabundle"
        calibration = bundle.create_group("calibration")
        calibration.attrs.update({"emd_group_type": "metadata", "python_class": "Calibration"})
        calibration.create_dataset("Q_pixel_size", data=pixel)
        calibration.create_dataset("Q_pixel_units", data="A^-1")
        calibration.create_dataset("QR_flip", data=False)
    return path
