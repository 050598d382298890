"""Center of mass: the bars of the reference, and LiberTEM as a second opinion."""

from pathlib import Path

import numpy as np
import pytest

from processing.reductions.annulus import Annulus
from tests.pattern_numbers import compute_center_of_mass, compute_mean_and_maximum, sum_virtual_detectors
from tests.synthetic import make_pattern_scan


def test_noise_free_shifts_within_a_thousandth_of_a_pixel() -> None:
    scan = make_pattern_scan(
        # A soft edge: a hard one rendered on pixels is itself off by several thousandths.
        detector_shape=(128, 128),
        radius=25.3,
        electrons=None,
        shift=2.0,
        edge=5.0,
        dtype=np.float64,
    )
    error = compute_center_of_mass(scan.data) - (np.array(scan.center) + scan.shifts)
    assert np.abs(error).max() < 1e-3


@pytest.mark.parametrize("electrons", [1e3, 1e4])
def test_noise_stays_at_the_shot_noise_limit(electrons: float) -> None:
    scan = make_pattern_scan(
        scan_shape=(20, 20), detector_shape=(96, 96), radius=25.3, electrons=electrons, shift=1.0
    )
    error = compute_center_of_mass(scan.data) - (np.array(scan.center) + scan.shifts)
    limit = 25.3 / 2 / np.sqrt(electrons)  # per axis: R / (2 √N)
    assert np.sqrt((error**2).mean()) < 1.1 * limit


def test_order_and_sign_are_y_x_down_right() -> None:
    pattern = np.zeros((1, 10, 20))
    pattern[0, 7, 3] = 1
    assert compute_center_of_mass(pattern).tolist() == [[7, 3]]


def test_empty_and_nan_patterns_are_nan() -> None:
    patterns = np.zeros((3, 8, 8), np.float32)
    patterns[1] = np.nan
    patterns[2, 4, 4], patterns[2, 0, 0] = 2, np.nan
    center = compute_center_of_mass(patterns)
    assert np.isnan(center[:2]).all()
    assert center[2].tolist() == [4, 4]


@pytest.mark.long  # half a minute of imports and compilation
@pytest.mark.filterwarnings("ignore")  # LiberTEM's own dependencies warn
def test_libertem_gives_the_same(tmp_path: Path) -> None:
    from libertem.api import Context
    from libertem.executor.inline import InlineJobExecutor
    from libertem.udf.com import CoMUDF
    from libertem.udf.masks import ApplyMasksUDF
    from libertem.udf.sum import SumUDF

    scan = make_pattern_scan(scan_shape=(8, 9), detector_shape=(64, 64), shift=0.7)
    raw = tmp_path / "scan.raw"
    raw.write_bytes(scan.data.tobytes())
    rings = [
        Annulus((31.8, 30.8), 0, 4.65),
        Annulus((31.8, 30.8), 4.65, 9.3),
        Annulus((31.8, 30.8), 10.2, 23),
    ]
    masks = [ring.mask((64, 64)) for ring in rings]
    with Context(executor=InlineJobExecutor(inline_threads=1)) as context:
        dataset = context.load("raw", path=str(raw), nav_shape=(8, 9), sig_shape=(64, 64), dtype="uint16")
        udfs = [
            ApplyMasksUDF(mask_factories=[lambda mask=mask: mask.astype(np.float64) for mask in masks]),
            CoMUDF.with_params(cy=0, cx=0),
            SumUDF(),
        ]
        by_mask, center, total = context.run_udf(dataset=dataset, udf=udfs)
    ours = sum_virtual_detectors(scan.data, masks)
    np.testing.assert_array_equal(np.moveaxis(by_mask["intensity"].data, -1, 0), ours)
    np.testing.assert_allclose(
        center["raw_com"].data, compute_center_of_mass(scan.data), rtol=1e-6, err_msg="center of mass"
    )
    np.testing.assert_allclose(
        total["intensity"].data / 72, compute_mean_and_maximum(scan.data)[0], rtol=1e-6
    )
