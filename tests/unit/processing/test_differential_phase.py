"""DPC and iDPC: signs and scales against an analytic phase, noise at the shot limit, and a solver of another kind."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from processing.declarations.manifest import Optics
from processing.declarations.recipe import SHARED_MERGES
from processing.engine.angles import build_facts
from processing.recipes.differential_phase import (
    RECIPE,
    integrate_gradient,
    make_phase,
    remove_descan,
)
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import DirectDisk, NoDisk
from processing.reductions.facts import Made, SignalFacts, Step
from processing.reductions.gathering import Gathered
from processing.reductions.shared_pass import build_look
from tests.synthetic import make_pattern_scan, render_disk, source_of

Array = npt.NDArray[np.float64]
WAVELENGTH_PM = 4.1757  # 80 kV
STEP_NM, MRAD_PER_PX = 0.05, 0.8


def facts_of(
    data: npt.NDArray[np.generic],
    *,
    is_calibrated: bool = True,
    matrix: tuple[tuple[float, float], tuple[float, float]] | None = None,
    disk: DirectDisk | NoDisk | None = None,
) -> SignalFacts:
    angles = AngleKnowledge(10.0, MRAD_PER_PX) if is_calibrated else AngleKnowledge()
    plan = plan_virtual_detectors(
        np.ones(data.shape[-2:]), disk=disk or NoDisk("not looked for"), angles=angles
    )
    known = Optics(acceleration_voltage_kv=80.0 if is_calibrated else None, detector_to_scan=matrix)
    facts = build_facts(source_of(data), known, plan)
    steps = {name: Step(STEP_NM, "nm") for name in ("scan_y", "scan_x")} if is_calibrated else {}
    return SignalFacts(
        facts.shape, facts.dtype, facts.axis_names, 2, "1", steps, plan, facts.wavelength_pm, matrix
    )


def run(data: npt.NDArray[np.generic], facts: SignalFacts, **given: float) -> dict[str, Made]:
    gathered = Gathered(facts.leading_shape, {name: SHARED_MERGES[name] for name in RECIPE.gathers})
    look = build_look(facts, RECIPE.gathers)
    gathered.add(
        tuple(slice(0, size) for size in facts.leading_shape), [look(data.reshape(-1, *data.shape[-2:]))]
    )
    return {made.output: made for made in make_phase(gathered, facts, RECIPE.check_parameters(given))}


def make_phase_object(shape: tuple[int, int] = (40, 44), height: float = 0.4) -> tuple[Array, Array]:
    """Return a Gaussian phase (rad) and the deflection (mrad, (y, x)) that it gives: ⟨θ⟩ = (λ/2π) ∇φ."""
    y, x = (np.arange(size) * STEP_NM * 1e3 for size in shape)  # pm
    dy, dx = y[:, None] - y.mean(), x[None, :] - x.mean()
    width = 200.0
    phase = height * np.exp(-(dy**2 + dx**2) / (2 * width**2))
    gradient = np.stack([-dy / width**2 * phase, -dx / width**2 * phase], axis=-1)
    return phase - phase.mean(), WAVELENGTH_PM / (2 * math.pi) * gradient * 1e3


def deflect(deflection: Array, detector: int = 32) -> Array:
    """Render a disk at the place to which each deflection moves it."""
    scan = np.empty((*deflection.shape[:2], detector, detector))
    middle = (detector - 1) / 2
    for at in np.ndindex(*deflection.shape[:2]):
        shift = deflection[at] / MRAD_PER_PX
        scan[at] = render_disk((detector, detector), (middle + shift[0], middle + shift[1]), 8.0, edge=5.0)
    return scan


def test_a_phase_comes_back_with_sign_and_scale() -> None:
    phase, deflection = make_phase_object()
    data = deflect(deflection)
    made = run(data, facts_of(data), descan_order=0)
    assert made["deflection"].unit == "mrad"
    measured = made["deflection"].values
    slope = (measured * deflection).sum() / (deflection**2).sum()
    assert slope == pytest.approx(1.0, abs=0.005)
    assert np.corrcoef(measured.ravel(), deflection.ravel())[0, 1] > 0.999

    found = made["integrated_phase"]
    assert found.unit == "rad"
    amplitude = (found.values * phase).sum() / (phase**2).sum()
    assert np.corrcoef(found.values.ravel(), phase.ravel())[0, 1] >= 0.995
    assert amplitude == pytest.approx(1.0, abs=0.05)
    assert found.values.mean() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("degrees", [30.0, -75.0])
@pytest.mark.parametrize("flip", [False, True])
def test_the_matrix_turns_and_flips_the_detector_onto_the_scan(degrees: float, flip: bool) -> None:
    phase, deflection = make_phase_object((30, 32))
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.diag([-1.0, 1.0]) if flip else turn
    data = deflect(deflection @ np.linalg.inv(matrix).T)  # what the turned detector sees
    rows = ((matrix[0, 0], matrix[0, 1]), (matrix[1, 0], matrix[1, 1]))
    known = run(data, facts_of(data, matrix=rows), descan_order=0)
    np.testing.assert_allclose(known["deflection"].values, deflection, atol=0.005 * abs(deflection).max())
    assert np.corrcoef(known["integrated_phase"].values.ravel(), phase.ravel())[0, 1] >= 0.995
    unknown = run(data, facts_of(data), descan_order=0)
    assert "not measured" in unknown["deflection"].parameters["detector_to_scan_from"]
    # What is turned loses its cosine; a round phase keeps its shape.
    amplitude = (unknown["integrated_phase"].values * phase).sum() / (phase**2).sum()
    assert abs(amplitude - 1) > 0.1


def test_a_descan_plane_is_taken_off_and_the_rest_stays() -> None:
    rng = np.random.default_rng(5)
    y, x = np.indices((12, 15), dtype=np.float64)
    plane = np.stack([3.0 + 0.2 * y - 0.1 * x, -1.0 + 0.05 * x], axis=-1)
    rest = remove_descan(rng.normal(size=(12, 15, 2)), 1)  # without a plane of its own
    positions = rest + plane
    positions[3, 4] = np.nan
    found = remove_descan(positions, 1)
    assert np.isnan(found[3, 4]).all()
    known = np.isfinite(found)
    np.testing.assert_allclose(
        found[known], remove_descan(np.where(known, rest, np.nan), 1)[known], atol=1e-9
    )
    np.testing.assert_allclose(np.nanmean(remove_descan(positions, 0), axis=(0, 1)), 0.0, atol=1e-9)


@pytest.mark.parametrize("electrons", [1e3, 1e4])
def test_the_stated_shot_noise_is_the_scatter(electrons: float) -> None:
    """R / (2 √N) for each component, within 10 %."""
    scan = make_pattern_scan(scan_shape=(24, 24), detector_shape=(48, 48), radius=9.3, electrons=electrons)
    disk = DirectDisk(scan.center, 9.3, 0.01, 0.01, 0.1, 0.2, 1.0)
    made = run(scan.data, facts_of(scan.data, is_calibrated=False, disk=disk), descan_order=0)
    stated = float(np.sqrt((made["deflection_uncertainty"].values ** 2).mean()))
    assert made["deflection"].unit == made["deflection_uncertainty"].unit == "px"
    assert float(made["deflection"].values.std()) == pytest.approx(stated, rel=0.1)


def test_a_sparse_least_squares_solver_gives_the_same_image() -> None:
    """Another way: unknown heights, one equation for every difference of neighbors, solved as linear equations."""
    rng = np.random.default_rng(9)
    size_y, size_x, step_y, step_x = 14, 17, 0.7, 1.3
    y, x = np.indices((size_y, size_x))
    truth = np.zeros((size_y, size_x))
    for a, b in itertools.product(range(3), range(3)):
        waves = np.cos(np.pi * a * (y + 0.5) / size_y) * np.cos(np.pi * b * (x + 0.5) / size_x)
        truth += rng.normal() * waves
    truth -= truth.mean()
    number = np.arange(truth.size).reshape(truth.shape)
    rows, values = [], []
    for first, last, step in ((number[:-1], number[1:], step_y), (number[:, :-1], number[:, 1:], step_x)):
        for one, two in zip(first.ravel(), last.ravel(), strict=True):
            row = np.zeros(truth.size)
            row[one], row[two] = -1 / step, 1 / step
            rows.append(row)
            values.append((truth.ravel()[two] - truth.ravel()[one]) / step)
    theirs, *_ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)
    theirs = (theirs - theirs.mean()).reshape(truth.shape)
    # The analytic gradient at the samples themselves is what a deflection is.
    coefficients = _cosine_gradient(truth, (step_y, step_x))
    ours = integrate_gradient(coefficients, (step_y, step_x))
    np.testing.assert_allclose(theirs, truth, atol=1e-9)
    np.testing.assert_allclose(ours, truth, atol=1e-9)


def _cosine_gradient(image: Array, steps: tuple[float, float]) -> Array:
    """Return the gradient of the cosine series through an image, term by term."""
    size_y, size_x = image.shape
    y, x = np.indices(image.shape)
    gradient = np.zeros((*image.shape, 2))
    for a in range(4):
        for b in range(4):
            cos_y, cos_x = np.cos(np.pi * a * (y + 0.5) / size_y), np.cos(np.pi * b * (x + 0.5) / size_x)
            norm = (cos_y**2 * cos_x**2).sum()
            weight = (image * cos_y * cos_x).sum() / norm
            k_y, k_x = np.pi * a / (size_y * steps[0]), np.pi * b / (size_x * steps[1])
            gradient[..., 0] -= weight * k_y * np.sin(np.pi * a * (y + 0.5) / size_y) * cos_x
            gradient[..., 1] -= weight * k_x * cos_y * np.sin(np.pi * b * (x + 0.5) / size_x)
    return gradient


def test_what_is_not_known_is_said_and_nothing_is_called_a_phase_in_rad() -> None:
    _, deflection = make_phase_object((8, 9))
    data = deflect(deflection, 24)
    made = run(data, facts_of(data, is_calibrated=False))
    assert made["deflection"].unit == "px"
    assert made["integrated_phase"].unit is None
    why = made["integrated_phase"].parameters["not_in_rad_because"]
    assert all(word in why for word in ("angle", "voltage", "scan step"))
    assert "deflection_uncertainty" not in made


def test_a_line_has_a_deflection_and_no_phase_and_an_empty_pattern_neither() -> None:
    data = np.zeros((7, 16, 16), np.uint16)
    data[:, 8, 8] = 5
    data[2] = 0
    made = run(data, facts_of(data), descan_order=1)
    assert set(made) == {"deflection"}
    assert np.isnan(made["deflection"].values[2]).all()
    assert np.isfinite(np.delete(made["deflection"].values, 2, axis=0)).all()
