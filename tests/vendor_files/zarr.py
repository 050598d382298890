"""Zarr stores written by zarr-python, packed into one ZIP as a folder is, and HyperSpy's tree in one of version 2."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

SCAN_AXES: tuple[Mapping[str, Any], ...] = (
    {"name": "y", "units": "nm", "scale": 0.5, "offset": 1.0, "navigate": True, "_type": "UniformDataAxis"},
    {"name": "x", "units": "nm", "scale": 0.5, "offset": 0.0, "navigate": True, "_type": "UniformDataAxis"},
    {
        "name": "ky",
        "units": "1/nm",
        "scale": 0.1,
        "offset": 0.0,
        "navigate": False,
        "_type": "UniformDataAxis",
    },
    {
        "name": "kx",
        "units": "1/nm",
        "scale": 0.1,
        "offset": 0.0,
        "navigate": False,
        "_type": "UniformDataAxis",
    },
)


def pack(folder: Path, path: Path, *, inside: str = "", method: int = zipfile.ZIP_STORED) -> Path:
    """Pack a folder into a ZIP, in the order of its names; `inside` is a folder within the archive."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{inside}{file.relative_to(folder).as_posix()}")
    return path


def write_zspy(
    folder: Path,
    values: npt.NDArray[Any],
    axes: tuple[Mapping[str, Any], ...] = SCAN_AXES,
    *,
    title: str = "a scan",
    metadata: Mapping[str, Mapping[str, Any]] | None = None,
    chunks: tuple[int, ...] | None = None,
) -> Path:
    """Write one experiment into a folder as HyperSpy does; a folder that has one already gets another."""
    root = zarr.open_group(folder, mode="a", zarr_format=2)
    root.attrs.update({"file_format": "ZSpy", "file_format_version": "3.3"})
    group = root.require_group("Experiments").require_group(title)
    group.attrs.update({"package": "hyperspy", "package_version": "2.4"})
    array = group.create_array("data", shape=values.shape, dtype=values.dtype, chunks=chunks or values.shape)
    array[...] = values
    for number, words in enumerate(axes):
        axis = group.create_group(f"axis-{number}")
        positions = words.get("axis")
        axis.attrs.update({key: value for key, value in words.items() if key not in {"axis", "x"}})
        if "x" in words:
            axis.create_group("x").attrs.update(words["x"])
        if positions is not None:
            axis.create_array("axis", data=np.asarray(positions))
    for where in ("learning_results", "original_metadata", "metadata"):
        group.create_group(where)
    for where, attributes in {"Signal": {"signal_type": ""}, **(metadata or {})}.items():
        group.require_group(f"metadata/{where}").attrs.update(attributes)
    return folder
