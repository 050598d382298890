"""Values that no detector should give, and detectors that no picture fits on: each stays what it is and where it is."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.reductions.annulus import Annulus
from processing.reductions.fused import PatternReducer
from processing.reductions.outliers import find_outliers
from tests.synthetic import render_disk, source_of

SIDE = 64


def convert(scan: npt.NDArray[Any], folder: Path) -> dict[str, dict[str, Any]]:
    """Return what is said of each result, by its name."""
    done = convert_signal(
        source_of(scan), folder, options=ConversionOptions(threads=1), progress=lambda *_: None
    )
    assert done.entry is not None
    return {entry["name"]: entry["parameters"] for entry in done.entry.as_dict()["reductions"]}


def load(folder: Path, name: str) -> npt.NDArray[Any]:
    loaded: npt.NDArray[Any] = np.load(folder / "reductions" / f"{name}.npy")
    return loaded


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e308, -1e9, -1e308])
def test_value_that_no_sum_survives_stays_in_its_own_pixel(tmp_path: Path, value: float) -> None:
    rng = np.random.default_rng(4)
    scan = rng.poisson(np.broadcast_to(render_disk((SIDE, SIDE), (31, 32), 11.0) * 9, (5, 6, SIDE, SIDE)))
    good = scan.astype(np.float64)
    spoilt = good.copy()
    spoilt[..., 5, 7] = value  # where nearly nothing is counted
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        entries = convert(spoilt, tmp_path)
    assert entries["outlier_mask"]["n_hot"] + entries["outlier_mask"]["n_dead"] == 1
    y, x = np.mgrid[:SIDE, :SIDE]
    for (row, column), center in zip(
        np.ndindex(5, 6), load(tmp_path, "center_of_mass").reshape(-1, 2), strict=True
    ):
        kept = good[row, column] * ~((y == 5) & (x == 7))
        assert center == pytest.approx([(kept * y).sum() / kept.sum(), (kept * x).sum() / kept.sum()])
    n_with_it = 0
    for name, ring in entries.items():
        if "inner_px" in ring:
            outer = np.inf if ring["outer_px"] is None else ring["outer_px"]
            mask = Annulus(tuple(ring["center_px"]), ring["inner_px"], outer).mask((SIDE, SIDE))
            n_with_it += bool(mask[5, 7])
            np.testing.assert_allclose(load(tmp_path, name), spoilt[..., mask].sum(axis=-1), rtol=1e-14)
    assert n_with_it == 1
    mean = spoilt[:, :, 5, 7].sum() / 30 if abs(value) < 1e300 else np.sign(value) * np.inf
    assert load(tmp_path, "mean_diffraction_pattern")[5, 7] == mean


def test_both_infinities_and_no_number_together_have_no_sum() -> None:
    patterns = np.ones((4, 2, 3), np.float32)
    patterns[1, 0, 0], patterns[1, 1, 1] = np.inf, -np.inf
    patterns[2, 0, 0] = np.nan
    patterns[3, 0, 0] = np.inf
    left = np.zeros((2, 3), dtype=bool)
    left[:, 0] = True
    nothing = np.zeros((2, 3), dtype=bool)
    block = PatternReducer((2, 3), patterns.dtype, [left, ~left, nothing]).reduce(patterns)
    np.testing.assert_array_equal(
        block.detector_sums, [[2, 4, 0], [np.inf, -np.inf, 0], [1, 4, 0], [np.inf, 4, 0]]
    )
    np.testing.assert_array_equal(block.totals, [6, np.nan, 5, np.inf])
    np.testing.assert_array_equal(block.pixel_sums, [[np.inf, 4, 4], [4, -np.inf, 4]])
    np.testing.assert_array_equal(block.pixel_maxima, [[np.inf, 1, 1], [1, 1, 1]])
    assert block.n_nan == 1


def test_dark_image_with_noise_sinks_no_pixel() -> None:
    rng = np.random.default_rng(8)
    for level in (-3.0, 0.0, 2.0):
        assert not find_outliers(
            rng.normal(level, 1.0, (SIDE, SIDE)) + 40 * render_disk((SIDE, SIDE), (31, 32), 11.0)
        )


def test_signed_counts_below_nothing_crash_no_recipe(tmp_path: Path) -> None:
    scan = np.random.default_rng(4).poisson(
        np.broadcast_to(render_disk((32, 32), (15, 16), 7.0) * 9, (4, 4, 32, 32))
    )
    scan[0, 0] -= 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(scan.astype(np.int16), tmp_path)
    noise = load(tmp_path, "deflection_uncertainty")
    assert np.isnan(noise[0, 0])
    assert np.isfinite(noise).sum() == 15


@pytest.mark.parametrize("side", [(1, 1), (1, 64), (3, 2)])
def test_ring_without_a_pixel_gives_no_image(tmp_path: Path, side: tuple[int, int]) -> None:
    scan = np.random.default_rng(4).poisson(3, (4, 4, *side)).astype(np.uint16)
    assert all(said.get("n_pixels", 1) > 0 for said in convert(scan, tmp_path).values())
