"""Center and radius of the direct disk within the bars of the reference, and honest refusals."""

import numpy as np
import numpy.typing as npt
import pytest

from processing.quality.convergence_angle import compare_angles
from processing.reductions.descan import Travel
from processing.reductions.detector_plan import AngleKnowledge
from processing.reductions.disk import DirectDisk, NoDisk, find_direct_disk
from tests.synthetic import render_disk


def counts_of(expected: npt.NDArray[np.float64], electrons: float, seed: int) -> npt.NDArray[np.float64]:
    noisy: npt.NDArray[np.float64] = (
        np.random.default_rng(seed).poisson(expected / expected.sum() * electrons).astype(float)
    )
    return noisy


@pytest.mark.parametrize("radius", [20.0, 25.3, 40.0])
@pytest.mark.parametrize("electrons", [1e4, 1e6])
@pytest.mark.parametrize("seed", range(4))
def test_radius_and_center_within_the_bars(radius: float, electrons: float, seed: int) -> None:
    center = (63.5 + np.random.default_rng(seed).uniform(-4, 4), 61.2)
    pattern = counts_of(render_disk((128, 128), center, radius), electrons, seed)
    disk = find_direct_disk(pattern)
    assert isinstance(disk, DirectDisk)
    assert disk.radius == pytest.approx(radius, rel=0.005)
    assert np.hypot(disk.center[0] - center[0], disk.center[1] - center[1]) < 0.1
    assert abs(disk.radius - radius) < 5 * disk.radius_uncertainty
    assert np.hypot(disk.center[0] - center[0], disk.center[1] - center[1]) < 5 * disk.center_uncertainty


def test_weak_bragg_disks_do_not_move_the_edge() -> None:
    pattern = render_disk((128, 128), (63.5, 64.2), 20.0) + 0.01
    for angle in np.arange(6) * np.pi / 3:
        pattern += 0.2 * render_disk((128, 128), (63.5 + 45 * np.sin(angle), 64.2 + 45 * np.cos(angle)), 20.0)
    disk = find_direct_disk(counts_of(pattern, 1e6, 1))
    assert isinstance(disk, DirectDisk)
    assert disk.radius == pytest.approx(20.0, rel=0.005)


def test_detector_of_another_shape_and_a_background() -> None:
    pattern = render_disk((96, 160), (40.4, 90.1), 14.0) + 0.2
    disk = find_direct_disk(counts_of(pattern, 3e5, 2))
    assert isinstance(disk, DirectDisk)
    assert disk.radius == pytest.approx(14.0, rel=0.01)
    assert disk.center == pytest.approx((40.4, 90.1), abs=0.1)


def ring_of_spots() -> npt.NDArray[np.float64]:
    angles = np.arange(6) * np.pi / 3
    spots = [render_disk((128, 128), (64 + 30 * np.sin(a), 64 + 30 * np.cos(a)), 8.0) for a in angles]
    pattern: npt.NDArray[np.float64] = np.sum(spots, axis=0) * 10
    return pattern


def bar() -> npt.NDArray[np.float64]:
    pattern = np.zeros((64, 64))
    pattern[20:44, 29:35] = 50.0
    return pattern


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("constant", np.ones((64, 64))),
        ("zeros", np.zeros((64, 64))),
        ("nan", np.full((64, 64), np.nan)),
        ("noise", np.random.default_rng(0).poisson(5, (128, 128))),
        ("spots", ring_of_spots()),
        ("bar", bar()),
        ("one hot pixel", np.pad([[1e6]], 31)),
        ("cut by the border", render_disk((64, 64), (2.0, 30.0), 15.0) * 100),
        ("tiny", np.eye(4)),
        ("ramp", np.tile(np.arange(64.0), (64, 1))),
    ],
)
def test_patterns_without_a_disk_give_a_reason(name: str, pattern: npt.NDArray[np.float64]) -> None:
    found = find_direct_disk(pattern)
    assert isinstance(found, NoDisk), name
    assert len(found.reason) > 10


def test_model_error_grows_with_the_disk() -> None:
    large = find_direct_disk(render_disk((128, 128), (63.5, 64.2), 40.0))
    small = find_direct_disk(render_disk((128, 128), (63.5, 64.2), 10.0))
    assert isinstance(large, DirectDisk)
    assert isinstance(small, DirectDisk)
    assert small.radius_model_error == pytest.approx(0.2, abs=0.02)
    assert large.radius_model_error == pytest.approx(0.4, abs=0.02)


def make_disk(radius: float, error: float) -> DirectDisk:
    return DirectDisk((30.0, 30.0), radius, 0.1, error, 0.1, 0.0, 0.5)


def test_angles_differ_by_more_than_their_errors() -> None:
    angles = AngleKnowledge(20.0, 1.0)
    sure, unsure = (compare_angles(make_disk(24.0, error), angles, None) for error in (0.1, 3.0))
    assert sure is not None
    assert unsure is not None
    assert (sure.differs, unsure.differs) == (True, False)
    blurred = compare_angles(make_disk(24.0, 0.1), angles, Travel((6.0, 0.0), (0.0, 0.0), 0.1))
    assert blurred is not None
    assert not blurred.differs


@pytest.mark.parametrize(
    ("length", "error", "is_noticed"), [(3.0, 0.1, True), (3.0, 1.0, False), (1.0, 0.01, False)]
)
def test_travel_is_noticed_where_it_is_long_and_sure(
    length: float, error: float, *, is_noticed: bool
) -> None:
    assert Travel((length, 0.0), (0.0, 0.0), error).is_noticed == is_noticed
