"""Axes that an order brings: into the array, its companion and its pictures, with those of the file beside."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.readers.contract import Axis
from processing.declarations.manifest import AxisEntry
from processing.engine.one_pass import convert_signal
from processing.engine.record_axes import bin_axes, describe_calibration, take_axes
from processing.engine.signal_entries import SignalWork
from processing.engine.signal_work import ConversionOptions
from tests.synthetic import make_pattern_scan, source_of

SCAN = (AxisEntry("scan_y", 6, "nm", 0.5), AxisEntry("scan_x", 7, "nm", 0.25))
DETECTOR = tuple(AxisEntry(f"detector_{name}", 48, "mrad", 1.5, -36.0) for name in "yx")


def convert(folder: Path, axes: dict[str, tuple[AxisEntry, ...]]) -> tuple[SignalWork, dict[str, Any]]:
    source = source_of(make_pattern_scan().data)
    in_file = (replace(source.axes[0], unit="nm", scale=0.063), *source.axes[1:])
    options = ConversionOptions(axes=axes, threads=1)
    work = convert_signal(replace(source, axes=in_file), folder, options=options, progress=lambda *_: None)
    attributes = json.loads((folder / "zarr" / "zarr.json").read_bytes())["attributes"]
    return work, attributes


def test_a_conversion_writes_and_draws_the_axes_of_its_order(tmp_path: Path) -> None:
    work, attributes = convert(tmp_path, {"data": (*SCAN, *DETECTOR)})
    assert attributes["axes"] == [axis.as_dict() for axis in (*SCAN, *DETECTOR)]
    assert [axis["scale"] for axis in attributes["axes_in_file"]] == [0.063, None, None, None]
    assert work.entry is not None
    assert work.entry.axes == (*SCAN, *DETECTOR)
    pictures = {picture.name: picture for picture in work.entry.previews}
    assert pictures["summed_intensity"].parameters["scale_bar"].endswith(" nm")
    assert pictures["summed_intensity"].axes["scan_x"] == {"unit": "nm", "scale": 0.25, "offset": 0.0}
    assert pictures["mean_diffraction_pattern"].parameters["scale_bar"].endswith(" mrad")
    detector_major = json.loads((tmp_path / "companion" / "zarr.json").read_bytes())["attributes"]
    assert [axis["name"] for axis in detector_major["axes"]] == [
        "detector_y_binned", "detector_x_binned", "scan_y", "scan_x",
    ]  # fmt: skip
    factor = detector_major["stemma_companion"]["bin_factor"]
    assert detector_major["axes"][0]["scale"] == 1.5 * factor


def test_without_an_order_the_axes_are_those_of_the_file_and_nothing_stands_beside(tmp_path: Path) -> None:
    _, attributes = convert(tmp_path, {"another": SCAN})
    assert attributes["axes"][0]["scale"] == 0.063
    assert "axes_in_file" not in attributes


@pytest.mark.parametrize("axes", [SCAN, (*DETECTOR, *SCAN), (AxisEntry("scan_y", 5), *SCAN[1:], *DETECTOR)])
def test_axes_of_another_shape_are_not_taken(axes: tuple[AxisEntry, ...]) -> None:
    source = source_of(np.zeros((6, 7, 48, 48), np.uint8))
    assert take_axes(source, {"data": axes}).axes == source.axes


def test_the_middle_of_a_bin_is_where_the_middle_of_its_pixels_is() -> None:
    axes = (Axis("scan_y", 4, "nm", 0.5), Axis("detector_y", 12, "mrad", 1.5, -9.0), Axis("detector_x", 12))
    y, x, scan = bin_axes(axes, 4, (3, 3))
    pixels = -9.0 + 1.5 * np.arange(12).reshape(3, 4)
    np.testing.assert_allclose(y.offset + (y.scale or 0) * np.arange(3), pixels.mean(axis=1))
    assert (y.name, y.size, y.unit) == ("detector_y_binned", 3, "mrad")
    assert (x.scale, x.size) == (None, 3)
    assert scan == axes[0]


def test_what_agrees_is_said_once() -> None:
    axes = (Axis("x", 3, "nm", 0.1),)
    assert describe_calibration(axes, axes) == {"axes": [axes[0].as_dict()]}
    assert describe_calibration(axes, (Axis("x", 3),))["axes_in_file"] == [Axis("x", 3).as_dict()]
