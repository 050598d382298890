"""Pixels that a file names as dead count nowhere but in sums, and travel with the array."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.readers.dead_pixels import list_rectangles
from processing.engine.one_pass import convert_signal
from processing.engine.reduce_zarr import open_converted, reduce_signal
from processing.engine.signal_work import ConversionOptions
from processing.recipes.outlier_pixels import DEAD
from tests.synthetic import make_pattern_scan, source_of

FULL = 65_535


def silent(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1
    assert message


def test_named_pixels_are_dead_whatever_stands_in_them(tmp_path: Path) -> None:
    scan = make_pattern_scan()
    named = np.zeros((48, 48), bool)
    named[:, 30:33], named[5:9, 3:9] = True, True  # a gap across the disk, and a corner that looks like light
    spoilt = np.where(named, np.uint16(FULL), scan.data)
    source = replace(source_of(spoilt), dead_pixels=list_rectangles(named))
    options = ConversionOptions(threads=1)
    done = convert_signal(source, tmp_path, options=options, progress=silent)
    assert done.entry is not None
    mask = np.load(tmp_path / "reductions" / "outlier_mask.npy")
    np.testing.assert_array_equal(mask == DEAD, named)
    said = next(finding for finding in done.reduction_findings if finding.code == "outlier_pixels")
    assert f"{named.sum()} of the dead are named by the file" in said.message

    clean = np.where(named, 0, scan.data).astype(float)
    y, x = np.mgrid[:48, :48]
    expected = np.stack(
        [(clean * axis).sum(axis=(2, 3)) / clean.sum(axis=(2, 3)) for axis in (y, x)], axis=-1
    )
    measured = np.load(tmp_path / "reductions" / "center_of_mass.npy")
    np.testing.assert_allclose(measured, expected, rtol=1e-12)
    disk = done.entry.direct_disk
    assert disk is not None
    assert disk.center_px == pytest.approx(scan.center, abs=0.3)
    np.testing.assert_array_equal(open_converted(tmp_path / "zarr").read(), spoilt)


def test_they_stay_with_the_array(tmp_path: Path) -> None:
    scan = make_pattern_scan()
    named = np.zeros((48, 48), bool)
    named[20:24] = True
    source = replace(source_of(scan.data), dead_pixels=list_rectangles(named))
    convert_signal(source, tmp_path, options=ConversionOptions(threads=1), progress=silent)
    attributes = json.loads((tmp_path / "zarr" / "zarr.json").read_text())["attributes"]
    assert attributes["dead_pixels"] == [[20, 24, 0, 48]]
    again = open_converted(tmp_path / "zarr")
    assert again.dead_pixels == source.dead_pixels
    options = ConversionOptions(threads=1)
    reduce_signal(again, tmp_path / "again", options=options, progress=silent)
    for name in ("outlier_mask", "center_of_mass"):
        first, second = (np.load(tmp_path / part / "reductions" / f"{name}.npy") for part in (".", "again"))
        np.testing.assert_array_equal(first, second)


def test_an_array_of_which_nothing_is_named_says_nothing(tmp_path: Path) -> None:
    source = source_of(make_pattern_scan().data)
    convert_signal(source, tmp_path, options=ConversionOptions(threads=1), progress=silent)
    assert "dead_pixels" not in json.loads((tmp_path / "zarr" / "zarr.json").read_text())["attributes"]


def test_a_mask_of_the_whole_detector_is_none(tmp_path: Path) -> None:
    scan = make_pattern_scan()
    source = replace(source_of(scan.data), dead_pixels=((0, 48, 0, 48),))
    done = convert_signal(source, tmp_path, options=ConversionOptions(threads=1), progress=silent)
    assert done.entry is not None
    assert done.entry.direct_disk is not None
    assert done.entry.direct_disk.found
