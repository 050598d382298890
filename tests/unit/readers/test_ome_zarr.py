"""OME-Zarr: the highest resolution with its axes, steps and units, by the specification's own rules."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints
from tests.vendor_files.zarr import pack

AXES = [
    {"name": "t", "type": "time", "unit": "millisecond"},
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "nanometer"},
]


def write_image(
    folder: Path,
    values: npt.NDArray[Any],
    *,
    version: int,
    axes: Any = AXES,
    steps: Any = (20.0, 1.0, 0.5, 2.0),
) -> None:
    """Write two levels, the coarse one first in the list, scaled as a whole by 2 along the last axis."""
    group = zarr.open_group(folder, mode="w", zarr_format=2 if version < 5 else 3)
    group.create_array("0", data=values, chunks=tuple(min(4, size) for size in values.shape))
    group.create_array("1", data=values[..., ::2, ::2])
    coarse = [*steps[:-2], steps[-2] * 2, steps[-1] * 2]
    shift = [0.0] * (len(steps) - 1) + [5.0]
    image = {
        "version": f"0.{version}",
        "axes": axes,
        "datasets": [
            {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": coarse}]},
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": list(steps)},
                                                         {"type": "translation", "translation": shift}]},
        ],
        "coordinateTransformations": [{"type": "scale", "scale": [1.0] * (len(steps) - 1) + [2.0]}],
    }  # fmt: skip
    group.attrs.update({"multiscales": [image]} if version < 5 else {"ome": {"multiscales": [image]}})
    labels = group.create_group("labels/cells")
    labels.create_array("0", data=np.zeros((2, *values.shape), "u1"))
    labels.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]


def open_zarr(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("zarr_store", {path.name: path}, ReadHints.from_dict({"array": array}))


@pytest.mark.parametrize("version", [4, 5])
def test_highest_resolution_is_read_and_calibrated(tmp_path: Path, version: int) -> None:
    values = default_rng(1).integers(0, 99, (3, 2, 10, 14)).astype("u2")
    write_image(tmp_path / "s", values, version=version)
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.ome.zarr.zip")) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), zarr.open_array(tmp_path / "s" / "0", mode="r")[...])
        assert [(one.name, one.unit, one.scale, one.offset) for one in signal.axes] == [
            ("time", "s", 0.02, 0.0), ("channel", None, None, 0.0), ("y", "nm", 500.0, 0.0), ("x", "nm", 4.0, 10.0),
        ]  # fmt: skip
        (told,) = opened.findings
        assert (told.severity, told.code) == ("info", "array_not_read")
    with open_zarr(tmp_path / "a.ome.zarr.zip", dataset="1", axes=["time", "series", "y", "x"]) as opened:
        assert opened.signals[0].shape == (3, 2, 5, 7)


def test_axes_of_one_position_are_left_out_in_words(tmp_path: Path) -> None:
    values = default_rng(1).integers(0, 99, (1, 1, 1, 10, 14)).astype("u2")
    axes = ["t", "c", "z", "y", "x"]
    write_image(tmp_path / "s", values, version=4, axes=axes, steps=(1.0,) * 5)
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.zip")) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), values[0, 0, 0])
        assert signal.orientation == "as stored in the file; 3 axes of one position left out"
        assert [(one.name, one.unit) for one in signal.axes] == [("y", None), ("x", None)]


def test_several_images_are_asked_for(tmp_path: Path) -> None:
    for name in ("0", "1"):
        write_image(tmp_path / "s" / name, np.ones((3, 2, 10, 14), "u2"), version=4)
    zarr.open_group(tmp_path / "s", mode="a", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    path = pack(tmp_path / "s", tmp_path / "a.zip")
    with open_zarr(path) as opened:
        (question,) = [one for one in opened.findings if one.severity == "error"]
        assert question.code == "array_dataset_missing"
        assert "0/0 (3 × 2 × 10 × 14, uint16), 1/0" in question.hint
    with open_zarr(path, dataset="1/0") as opened:
        assert not [one for one in opened.findings if one.severity == "error"]
        assert [axis.unit for axis in opened.signals[0].axes] == ["s", None, "nm", "nm"]
    assert recognize(path, path.name).label == "OME-Zarr (Zarr 2)"


def test_a_level_that_is_missing_is_said(tmp_path: Path) -> None:
    write_image(tmp_path / "s", np.ones((3, 2, 10, 14), "u2"), version=5)
    shutil.rmtree(tmp_path / "s" / "0")
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.zip")) as opened:
        assert opened.signals[0].shape == (3, 2, 5, 7)
        (warning,) = [one for one in opened.findings if one.severity == "warning"]
        assert (warning.code, "names the resolutions 0" in warning.message) == ("zarr_level_missing", True)
