"""Hot and dead pixels are found, whatever their number and place, and move nothing that is measured."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.previews.contrast import stretch_contrast
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import DirectDisk, NoDisk, find_direct_disk
from processing.reductions.outliers import find_outliers, mend_outliers
from tests.synthetic import render_disk

SIDE = 64
HOT = 60000.0


def expose(
    radius: float, electrons: float, background: float, n_patterns: int, seed: int
) -> npt.NDArray[Any]:
    """Return the mean of patterns of a soft disk."""
    expected = render_disk((SIDE, SIDE), (31.2, 32.7), radius) + background
    counts = np.random.default_rng(seed).poisson(expected / expected.sum() * electrons)
    mean: npt.NDArray[Any] = counts / n_patterns
    return mean


def spoil(
    pattern: npt.NDArray[Any], hot: npt.NDArray[Any], dead: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    spoilt, is_hot = pattern.copy(), np.zeros(pattern.shape, dtype=bool)
    spoilt.flat[dead] = 0.0
    spoilt.flat[hot] = max(HOT, 20 * float(pattern.max()))
    is_hot.flat[hot] = True
    return spoilt, is_hot


@settings(max_examples=80, deadline=None)
@given(
    radius=st.floats(4, 18),
    decades=st.floats(3.5, 7),
    background=st.sampled_from([0.0, 0.01, 0.1]),
    n_patterns=st.sampled_from([1, 64, 256]),
    n_hot=st.integers(1, 60),
    n_dead=st.integers(0, 60),
    seed=st.integers(0, 9999),
)
def test_any_number_of_hot_and_dead_pixels_at_any_place(
    radius: float, decades: float, background: float, n_patterns: int, n_hot: int, n_dead: int, seed: int
) -> None:
    pattern = expose(radius, 10**decades, background, n_patterns, seed)
    places = np.random.default_rng(seed).choice(SIDE * SIDE, n_hot + n_dead, replace=False)
    spoilt, is_hot = spoil(pattern, places[:n_hot], places[n_hot:])
    found = find_outliers(spoilt)
    assert not (is_hot & ~found.hot).any()
    assert (found.hot & ~is_hot).sum() <= 1
    assert set(np.flatnonzero(found.dead)) <= set(places[n_hot:].tolist())
    before, after = find_direct_disk(pattern), find_direct_disk(spoilt)
    if isinstance(before, DirectDisk):
        assert isinstance(after, DirectDisk)
        error = np.hypot(after.radius_uncertainty, after.radius_model_error)
        assert abs(after.radius - before.radius) < error
        assert np.hypot(after.center[0] - before.center[0], after.center[1] - before.center[1]) < 0.5


@settings(max_examples=60, deadline=None)
@given(
    radius=st.floats(2, 18),
    decades=st.floats(2, 7),
    background=st.sampled_from([0.0, 0.01, 0.1, 1.0]),
    n_patterns=st.sampled_from([1, 64, 256]),
    seed=st.integers(0, 9999),
)
def test_good_pixels_are_not_blamed(
    radius: float, decades: float, background: float, n_patterns: int, seed: int
) -> None:
    found = find_outliers(expose(radius, 10**decades, background, n_patterns, seed))
    assert found.n_hot + found.n_dead <= 1


def test_small_spots_are_no_hot_pixels() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    pattern = np.zeros((SIDE, SIDE))
    rng = np.random.default_rng(0)
    for _ in range(20):
        at = rng.uniform(4, SIDE - 4, 2)
        pattern += 1e4 * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * 0.6**2))
    assert not find_outliers(rng.poisson(pattern + 0.3))


def test_what_is_mostly_outliers_has_none() -> None:
    assert not find_outliers(np.random.default_rng(0).choice([0.0, 1e4], (SIDE, SIDE), p=[0.9, 0.1]))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 1e-310])
def test_any_value_is_survived(value: float) -> None:
    pattern = render_disk((SIDE, SIDE), (31.2, 32.7), 12.0)
    pattern[5, 5] = value
    everywhere = np.where(pattern > 0, value, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        find_direct_disk(pattern)
        find_direct_disk(everywhere)
        assert np.isfinite(mend_outliers(pattern)).all()


@given(
    values=st.lists(st.sampled_from([0.0, 1.0, 2.0, 7.0, 255.0]), min_size=3, max_size=3),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 999),
    is_sorted=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_three_gray_values_crash_nothing(
    values: list[float], shares: tuple[float, float], seed: int, is_sorted: bool
) -> None:
    cuts = sorted(shares)
    levels = np.searchsorted(cuts, np.random.default_rng(seed).random(32 * 32))
    pattern = np.array(values)[np.sort(levels) if is_sorted else levels].reshape(32, 32)
    assert isinstance(find_direct_disk(pattern), DirectDisk | NoDisk)


def test_a_pattern_that_is_brightest_nearly_everywhere_has_no_disk() -> None:
    pattern = np.full((32, 32), 200.0)
    pattern[:10, :10], pattern[:5, :5] = 100.0, 0.0
    found = find_direct_disk(pattern)
    assert isinstance(found, NoDisk)
    assert "as bright" in found.reason


def test_hot_pixels_do_not_pull_the_middle_where_no_disk_is_found() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    halo = 50 * np.exp(-((y - 31) ** 2 + (x - 33) ** 2) / (2 * 12.0**2))
    spoilt = np.random.default_rng(1).poisson(halo).astype(float)
    spoilt.flat[np.random.default_rng(2).choice(SIDE * SIDE // 3, 25, replace=False)] = HOT
    plan = plan_virtual_detectors(spoilt, disk=NoDisk("not looked for"), angles=AngleKnowledge())
    assert plan.center == pytest.approx((31, 33), abs=0.6)


@pytest.mark.parametrize("stretch", ["linear", "log"])
def test_hot_pixels_do_not_blacken_a_picture(stretch: Any) -> None:
    pattern = expose(12.0, 1e5, 0.01, 64, 3)
    spoilt, is_hot = spoil(pattern, np.arange(20) * 97 + 300, np.arange(20) * 89 + 411)
    before, after = stretch_contrast(pattern, stretch), stretch_contrast(spoilt, stretch)
    inside = (render_disk((SIDE, SIDE), (31.2, 32.7), 10.0) == 1) & ~is_hot & (spoilt > 0)
    assert before[inside].mean() == pytest.approx(after[inside].mean(), abs=0.05)
    assert (after[is_hot] == 1).all()


def test_border_is_never_called_dead() -> None:
    pattern = np.random.default_rng(2).poisson(1000.0, (SIDE, SIDE)).astype(float)
    pattern[0, 9] = pattern[-1, 20] = pattern[30, 0] = pattern[40, -1] = pattern[20, 20] = 0.0
    assert np.argwhere(find_outliers(pattern).dead).tolist() == [[20, 20]]


def place_cluster(
    pattern: npt.NDArray[Any], height: int, width: int, at: tuple[int, int] = (9, 12)
) -> npt.NDArray[np.bool_]:
    inside = np.zeros(pattern.shape, dtype=bool)
    inside[at[0] : at[0] + height, at[1] : at[1] + width] = True
    pattern[inside] = HOT * np.random.default_rng(height).uniform(0.5, 1, height * width)
    return inside


@pytest.mark.parametrize(("height", "width"), [(3, 3), (2, 3), (4, 4), (4, 2)])
@pytest.mark.parametrize("electrons", [1e4, 1e6])
def test_a_cluster_of_hot_pixels_is_not_taken_for_the_beam(height: int, width: int, electrons: float) -> None:
    pattern = expose(10.0, electrons, 0.01, 64, 5)
    before, spoilt = find_direct_disk(pattern), pattern.copy()
    inside = place_cluster(spoilt, height, width)
    assert np.array_equal(find_outliers(spoilt).hot, inside)
    assert mend_outliers(spoilt)[inside].max() <= pattern.max()
    after = find_direct_disk(spoilt)
    assert isinstance(before, DirectDisk)
    assert isinstance(after, DirectDisk)
    assert (*after.center, after.radius) == pytest.approx((*before.center, before.radius), abs=0.1)


def test_small_beams_with_hard_edges_are_no_clusters() -> None:
    """Alone, or one of many, a spot of 3 × 3 pixels is what there is to see."""
    noise = np.random.default_rng(0).poisson(2.0, (SIDE, SIDE)).astype(float)
    alone, many = noise.copy(), noise.copy()
    place_cluster(alone, 3, 3, (31, 32))
    for y, x in np.ndindex(4, 4):
        many[10 + 12 * y : 13 + 12 * y, 10 + 12 * x : 13 + 12 * x] = 5e3
    assert not find_outliers(alone)
    assert not find_outliers(many)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_disk_across_the_gap_of_a_detector_is_one(width: int, value: float) -> None:
    for electrons in (1e4, 1e6):
        pattern = expose(14.0, electrons, 0.005, 64, 6)
        before, spoilt = find_direct_disk(pattern), pattern.copy()
        gap = slice(SIDE // 2 - width, SIDE // 2)
        spoilt[gap], spoilt[:, gap] = value, value
        after, found = find_direct_disk(spoilt), find_outliers(spoilt)
        assert isinstance(before, DirectDisk)
        assert isinstance(after, DirectDisk)
        assert (*after.center, after.radius) == pytest.approx((*before.center, before.radius), abs=0.25)
        assert found.n_hot == 0
        assert (found.n_dead > 0) == (value == 0 and electrons > 1e5), "what has no number is not called dead"
        assert not found.dead[: SIDE // 2 - width, : SIDE // 2 - width].any()


@pytest.mark.parametrize("which", [np.s_[::2], np.s_[:, ::2], np.s_[1::3, 1::3], np.s_[20:26, 20:26]])
def test_what_has_no_number_makes_no_hot_pixels(which: Any) -> None:
    pattern = expose(12.0, 1e6, 0.01, 64, 7)
    before, spoilt = find_direct_disk(pattern), pattern.copy()
    spoilt[which] = np.nan
    assert not find_outliers(spoilt)
    after = find_direct_disk(spoilt)
    assert isinstance(before, DirectDisk)
    assert isinstance(after, DirectDisk)
    assert (*after.center, after.radius) == pytest.approx((*before.center, before.radius), abs=0.25)
