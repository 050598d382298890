"""Angles: wavelength, units, names and radii of the virtual detectors."""

import numpy as np
import pytest

from ingest.readers.contract import Axis
from processing.engine.calibration import Calibration, resolve_angles
from processing.reductions.detector_plan import (
    AngleKnowledge,
    UnknownDiffractionUnitError,
    compute_wavelength_nm,
    convert_pixel_to_mrad,
    plan_virtual_detectors,
)
from processing.reductions.disk import NoDisk, find_direct_disk
from tests.synthetic import render_disk


@pytest.mark.parametrize(
    ("kilovolts", "picometers"), [(30, 6.9791), (60, 4.8661), (80, 4.1757), (200, 2.5079), (300, 1.9687)]
)
def test_wavelengths(kilovolts: float, picometers: float) -> None:
    assert compute_wavelength_nm(kilovolts) * 1e3 == pytest.approx(picometers, abs=6e-5)


def test_pixel_sizes_become_angles() -> None:
    assert convert_pixel_to_mrad(0.5, "mrad", None) == 0.5
    assert convert_pixel_to_mrad(0.1, "nm-1", 200) == pytest.approx(0.1 * 2.5079, rel=1e-4)
    assert convert_pixel_to_mrad(0.01, "Ao-1", 200) == pytest.approx(0.1 * 2.5079, rel=1e-4)


@pytest.mark.parametrize(
    ("value", "unit", "kilovolts"),
    [(0.1, "nm-1", None), (0.1, "px", 200), (0.0, "mrad", 200), (-1.0, "mrad", 200), (np.nan, "mrad", 200)],
)
def test_unusable_pixel_sizes_are_refused(value: float, unit: str, kilovolts: float | None) -> None:
    with pytest.raises(UnknownDiffractionUnitError):
        convert_pixel_to_mrad(value, unit, kilovolts)


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


def test_the_depositor_goes_before_the_axes_of_the_file() -> None:
    axes = (Axis("detector_y", 64, "mrad", 0.7), Axis("detector_x", 64, "mrad", 0.7))
    from_file, _ = resolve_angles(Calibration(), axes)
    given, _ = resolve_angles(Calibration(pixel_value=0.9, pixel_unit="mrad"), axes)
    assert (from_file.mrad_per_px, given.mrad_per_px) == (0.7, 0.9)
    oblong = (Axis("detector_y", 64, "mrad", 0.7), Axis("detector_x", 64, "mrad", 1.4))
    assert resolve_angles(Calibration(), oblong)[0].mrad_per_px is None


def test_a_calibration_that_needs_a_voltage_is_named() -> None:
    axes = (Axis("detector_y", 64, "nm-1", 0.7), Axis("detector_x", 64, "nm-1", 0.7))
    angles, finding = resolve_angles(Calibration(semi_convergence_angle_mrad=20), axes)
    assert angles.mrad_per_px is None
    assert finding is not None
    assert finding.code == "diffraction_calibration_unused"
