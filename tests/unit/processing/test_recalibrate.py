"""An array whose axes changed gets new metadata, and so does its detector-major copy, whose axes follow from them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.readers.contract import Axis
from processing.declarations.manifest import AxisEntry, Recalibration
from processing.engine.recalibrate import recalibrate_signal
from tests.synthetic import source_of

BEFORE = {"node_type": "array", "attributes": {"stemma_companion": {"bin_factor": 2}, "axes": ["of before"]}}


@pytest.mark.parametrize("scale", [0.5, None])
def test_the_copy_has_the_axes_of_its_bins(tmp_path: Path, scale: float | None) -> None:
    unit = "mrad" if scale else None
    axes = (
        Axis("scan_y", 3, "nm", 0.2),
        Axis("scan_x", 5, "nm", 0.3),
        Axis("detector_y", 8, unit, scale, -1.0 if scale else 0.0),
        Axis("detector_x", 6, unit, scale),
    )
    for array, shape in (("zarr", [3, 5, 8, 6]), ("companion", [4, 3, 3, 5])):
        (tmp_path / "in" / array).mkdir(parents=True)
        (tmp_path / "in" / array / "zarr.json").write_text(json.dumps({**BEFORE, "shape": shape}))
    source = replace(source_of(np.zeros((3, 5, 8, 6), "u2")), axes=axes)
    asked = Recalibration("data", "four_d", tuple(AxisEntry(**axis.as_dict()) for axis in axes))
    work = recalibrate_signal(source, asked, tmp_path / "in", tmp_path / "out")
    assert work.entry is not None
    assert {entry.path for entry in work.entry.metadata} == {"zarr/zarr.json", "companion/zarr.json"}
    told = json.loads((tmp_path / "out" / "companion" / "zarr.json").read_text())["attributes"]["axes"]
    binned = {"unit": unit, "scale": scale and 2 * scale}
    assert told == [
        # The middle of a bin of two pixels lies half a pixel behind the middle of its first.
        {"name": "detector_y_binned", "size": 4, **binned, "offset": -0.75 if scale else 0.0},
        {"name": "detector_x_binned", "size": 3, **binned, "offset": 0.25 if scale else 0.0},
        {"name": "scan_y", "size": 3, "unit": "nm", "scale": 0.2, "offset": 0.0},
        {"name": "scan_x", "size": 5, "unit": "nm", "scale": 0.3, "offset": 0.0},
    ]
