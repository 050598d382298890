"""Angles: wavelength, units, names and radii of the virtual detectors."""

import numpy as np
import pytest

from ingest.readers.contract import Axis
from processing.declarations.manifest import Optics
from processing.engine.angles import resolve_angles
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import NoDisk, find_direct_disk
from tests.synthetic import render_disk


def test_radii_in_mrad_follow_alpha_exactly() -> None:
    pattern = render_disk((128, 128), (64, 64), 20)
    plan = plan_virtual_detectors(pattern, disk=find_direct_disk(pattern), angles=AngleKnowledge(24.0, 1.2))
    rings = {detector.name: detector.parameters for detector in plan.detectors}
    assert plan.source_of_angles == "calibrated"
    assert (rings["virtual_bright_field"]["inner_mrad"], rings["virtual_bright_field"]["outer_mrad"]) == (
        0,
        pytest.approx(12.0),
    )
    assert rings["annular_bright_field"]["outer_mrad"] == pytest.approx(24.0)
    assert rings["annular_dark_field"]["inner_mrad"] == pytest.approx(26.4)
    assert rings["annular_dark_field"]["outer_mrad"] == pytest.approx(60.0)
    assert rings["high_angle_annular_dark_field"]["outer_mrad"] is None


@pytest.mark.parametrize(
    ("alpha", "name"),
    [(20.0, "high_angle_annular_dark_field"), (19.9, "outer_virtual_dark_field")],
)
def test_fifty_mrad_decide_the_name_of_the_outer_ring(alpha: float, name: str) -> None:
    pattern = render_disk((128, 128), (64, 64), 20)
    plan = plan_virtual_detectors(pattern, disk=find_direct_disk(pattern), angles=AngleKnowledge(alpha, 1.0))
    assert plan.detectors[-1].name == name


def test_a_measured_disk_with_known_pixels_still_gives_angles() -> None:
    pattern = render_disk((128, 128), (64, 64), 20)
    plan = plan_virtual_detectors(pattern, disk=find_direct_disk(pattern), angles=AngleKnowledge(None, 0.5))
    assert plan.source_of_angles == "measured_disk"
    assert plan.detectors[1].parameters["outer_mrad"] == pytest.approx(10.0, rel=0.01)


def test_rings_outside_the_detector_are_left_out() -> None:
    pattern = render_disk((64, 64), (32, 32), 26)
    plan = plan_virtual_detectors(pattern, disk=find_direct_disk(pattern), angles=AngleKnowledge(26.0, 1.0))
    assert [detector.name for detector in plan.detectors] == [
        "virtual_bright_field",
        "annular_bright_field",
        "annular_dark_field",
    ]


def test_without_a_disk_the_center_is_the_center_of_mass_near_the_middle() -> None:
    pattern = np.zeros((40, 40))
    pattern[10:14, 10:14] = pattern[28:32, 28:32] = 5.0
    plan = plan_virtual_detectors(pattern, disk=NoDisk("of spots"), angles=AngleKnowledge())
    assert plan.source_of_center == "mean_pattern_center_of_mass"
    assert plan.center == pytest.approx((20.5, 20.5))
    flat = plan_virtual_detectors(np.ones((40, 40)), disk=NoDisk("flat"), angles=AngleKnowledge())
    assert (flat.source_of_center, flat.center) == ("detector_center", (19.5, 19.5))


def axes_of(unit: str, y: float, x: float) -> tuple[Axis, Axis]:
    return Axis("detector_y", 64, unit, y), Axis("detector_x", 64, unit, x)


def test_the_depositor_goes_before_the_axes_of_the_file() -> None:
    axes = axes_of("mrad", 0.7, 0.7)
    from_file, _ = resolve_angles(Optics(), axes)
    given, _ = resolve_angles(Optics(diffraction_pixel_mrad=(0.9, 0.9)), axes)
    assert from_file.mrad_per_px == pytest.approx(0.7)
    assert given.mrad_per_px == 0.9
    assert resolve_angles(Optics(), axes_of("mrad", 0.7, 1.4))[0].mrad_per_px is None


def test_reciprocal_axes_become_angles_by_the_voltage() -> None:
    angles, finding = resolve_angles(Optics(acceleration_voltage_kv=200), axes_of("nm-1", 0.1, 0.1))
    assert angles.mrad_per_px == pytest.approx(0.1 * 2.5079, rel=1e-4)
    assert finding is None


@pytest.mark.parametrize(
    ("optics", "axes"),
    [
        (Optics(semi_convergence_angle_mrad=20), axes_of("nm-1", 0.7, 0.7)),
        (Optics(pixel_problem="It is not positive."), axes_of("mrad", 0.7, 0.7)),
        (Optics(diffraction_pixel_mrad=(0.7, 1.4)), axes_of("mrad", 0.7, 0.7)),
    ],
)
def test_a_calibration_that_cannot_be_used_is_named(optics: Optics, axes: tuple[Axis, ...]) -> None:
    _, finding = resolve_angles(optics, axes)
    assert finding is not None
    assert finding.code == "diffraction_calibration_unused"
