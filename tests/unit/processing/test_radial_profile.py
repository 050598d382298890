"""Radial mean and variance: synthetic truth, the bars of the reference, and naive loops as a second opinion."""

import numpy as np
import numpy.typing as npt
import pytest

from processing.declarations.manifest import Optics
from processing.declarations.recipe import SHARED_MERGES
from processing.engine.angles import build_facts
from processing.recipes.radial_profile import RECIPE, make_profiles, measure_squares
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import NoDisk
from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered
from processing.reductions.shared_pass import build_look
from tests.synthetic import source_of

Array = npt.NDArray[np.float64]


def profile(
    data: npt.NDArray[np.generic], angles: AngleKnowledge | None = None, **given: float
) -> dict[str, Made]:
    """Run the recipe over an array, cut into two blocks, about the middle of the detector."""
    flat = np.ones(data.shape[-2:])
    plan = plan_virtual_detectors(flat, disk=NoDisk("none"), angles=angles or AngleKnowledge())
    facts = build_facts(source_of(data), Optics(), plan)
    parameters = RECIPE.check_parameters(given)
    shared = Gathered(facts.leading_shape, {name: SHARED_MERGES[name] for name in RECIPE.gathers})
    own = Gathered(facts.leading_shape, {"pixel_squares": "sum"}, shared)
    look = build_look(facts, RECIPE.gathers)
    half = data.shape[0] // 2
    for rows in (slice(0, half), slice(half, data.shape[0])):
        region = (rows, *(slice(0, size) for size in facts.leading_shape[1:]))
        patterns = data[rows].reshape(-1, *data.shape[-2:])
        shared.add(region, [look(patterns)])
        own.add(region, [measure_squares(patterns, facts, parameters)])
    return {made.output: made for made in make_profiles(own, facts, parameters)}


def radii(shape: tuple[int, int]) -> Array:
    y, x = np.indices(shape)
    distance: Array = np.hypot(y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2)
    return distance


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_naive_loops_give_the_same(dtype: str) -> None:
    data = np.random.default_rng(3).poisson(5, (4, 5, 21, 18)).astype(dtype)
    found = profile(data, ring_width=2.0)
    distance = radii((21, 18))
    for ring in range(len(found["radial_mean"].values)):
        pixels = [(y, x) for y, x in np.ndindex(21, 18) if 2.0 * ring <= distance[y, x] < 2.0 * (ring + 1)]
        values = np.array([data[:, :, y, x].ravel() for y, x in pixels], dtype=np.float64)
        if not pixels:
            assert np.isnan(found["radial_mean"].values[ring])
            continue
        mean = values.mean()
        assert found["radial_mean"].values[ring] == pytest.approx(mean, rel=1e-12)
        expected = (values**2).mean() / mean**2 - 1 - 1 / mean
        assert found["radial_variance"].values[ring] == pytest.approx(expected, rel=1e-9, abs=1e-12)
        if len(pixels) > 1:
            left_out = np.array([np.delete(values, one, axis=0).mean() for one in range(len(pixels))])
            scale = (len(pixels) - 1) / len(pixels)
            error = np.sqrt(scale * ((left_out - mean) ** 2).sum())
            assert found["radial_mean_uncertainty"].values[ring] == pytest.approx(error, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("electrons", [100.0, 3.0, 0.3])
def test_the_variance_of_speckle_is_found_under_shot_noise(electrons: float) -> None:
    """Gamma-distributed intensities of variance 0.05, counted: within 3 % at 3 electrons per pixel and above."""
    rng = np.random.default_rng(11)
    intensity = rng.gamma(1 / 0.05, 0.05 * electrons, (48, 48, 40, 40))
    data = rng.poisson(intensity).astype(np.uint16)
    found = profile(data, ring_width=16.0)
    variance, error = found["radial_variance"].values[0], found["radial_variance_uncertainty"].values[0]
    assert variance == pytest.approx(0.05, rel=0.03 if electrons >= 3 else 0.25)
    assert abs(variance - 0.05) < 4 * error
    if electrons >= 3:
        assert error < 0.03 * 0.05 * 2


def test_counts_that_are_not_electrons_need_their_gain() -> None:
    rng = np.random.default_rng(12)
    electrons = rng.poisson(3.0, (32, 32, 40, 40))
    data = (25 * electrons).astype(np.uint16)
    right = profile(data, ring_width=16.0, counts_per_electron=25.0)["radial_variance"].values[0]
    wrong = profile(data, ring_width=16.0)["radial_variance"].values[0]
    assert abs(right) < 0.002  # shot noise alone
    assert wrong == pytest.approx(1 / 3 * 24 / 25, rel=0.01)


def test_a_ring_lies_where_it_is_at_the_middle_of_its_bin() -> None:
    """The axis names bin centers: the left edge would put the ring half a bin too low."""
    distance = radii((160, 160))
    pattern = np.exp(-0.5 * ((distance - 60.0) / 3.0) ** 2) * 1e6
    data = np.broadcast_to(pattern, (2, 2, 160, 160)).copy()
    found = profile(data, AngleKnowledge(20.0, 0.5))
    made = found["radial_mean"]
    offset, step = made.axis_steps["scattering_angle"]
    assert step.unit == "mrad"
    axis = offset + step.value * np.arange(len(made.values))
    near = abs(axis - 30.0) < 6.0
    radius = float((axis[near] * made.values[near]).sum() / made.values[near].sum())
    assert radius == pytest.approx(30.0, rel=1e-3)


def test_the_error_of_the_mean_is_its_scatter_over_many_runs() -> None:
    means, errors = [], []
    for seed in range(60):
        data = np.random.default_rng(seed).poisson(2.0, (4, 4, 16, 16)).astype(np.uint8)
        found = profile(data, ring_width=4.0)
        means.append(found["radial_mean"].values[1])
        errors.append(found["radial_mean_uncertainty"].values[1])
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.25)


def test_nan_counts_as_absent_and_empty_patterns_have_no_variance() -> None:
    data = np.ones((2, 2, 12, 12), np.float32)
    data[0, 0, 5, 5] = np.nan
    found = profile(data)
    assert np.nanmax(abs(found["radial_mean"].values - 1)) < 1e-12
    nothing = profile(np.zeros((2, 2, 12, 12), np.uint8))
    assert np.isnan(nothing["radial_variance"].values).all()
    assert (nothing["radial_mean"].values[~np.isnan(nothing["radial_mean"].values)] == 0).all()


def test_without_a_plan_there_is_no_center() -> None:
    facts = SignalFacts((1, 1, 2, 2), np.dtype("u1"), ("scan_y", "scan_x", "detector_y", "detector_x"), 2)
    assert make_profiles(Gathered((1, 1), {}), facts, RECIPE.check_parameters({})) == []
