"""Lengths and angles per sample: which axis says what, and when none does."""

from typing import Any

import pytest

from repository.schema.documents.scales import find_axis_scales, find_diffraction_pixel, find_scan_step
from repository.schema.quantities.signals import SignalShape


def signal(**axes: tuple[float | None, str | None]) -> SignalShape:
    """Return a signal whose axes have these scales and units."""
    return SignalShape.from_dict(
        {
            "name": "data",
            "axes": [
                {"name": name, "size": 4, "scale": scale, "unit": unit}
                for name, (scale, unit) in axes.items()
            ],
        }
    )


SCAN = ("scan_y", "scan_x")
CASES: list[tuple[list[SignalShape] | None, tuple[float, float] | None]] = [
    ([signal(scan_y=(2.0, "nm"), scan_x=(3.0, "nm"))], (2e-9, 3e-9)),
    ([signal(scan_y=(2.0, "nm"), scan_x=(3.0, "um"))], (2e-9, 3e-6)),
    ([signal(scan_y=(-2.0, "nm"), scan_x=(3.0, "nm"))], (2e-9, 3e-9)),  # which way an axis runs is no length
    ([signal(scan_x=(3.0, "nm"))], (3e-9, 3e-9)),  # a line's one step stands for both
    ([signal(scan_y=(2.0, "nm"), scan_x=(None, "nm"))], None),
    ([signal(scan_y=(2.0, None), scan_x=(3.0, "nm"))], None),
    ([signal(scan_y=(2.0, "mrad"), scan_x=(3.0, "nm"))], None),
    ([signal(scan_y=(float("nan"), "nm"), scan_x=(3.0, "nm"))], None),
    ([signal(scan_y=(float("inf"), "nm"), scan_x=(3.0, "nm"))], None),
    ([signal(energy=(2.0, "eV"))], None),
    ([signal(energy=(2.0, "eV")), signal(scan_y=(5.0, "nm"), scan_x=(7.0, "nm"))], (5e-9, 7e-9)),
    ([signal(scan_y=(None, None), scan_x=(None, None)), signal(scan_y=(5.0, "nm"), scan_x=(7.0, "nm"))], (5e-9, 7e-9)),
    ([signal(scan_y=(5.0, "nm"), scan_x=(7.0, "nm")), signal(scan_y=(1.0, "nm"), scan_x=(1.0, "nm"))], (5e-9, 7e-9)),
    ([], None),
    (None, None),
]  # fmt: skip


@pytest.mark.parametrize(("signals", "expected"), CASES)
def test_each_axis_has_its_own_scale(
    signals: list[SignalShape] | None, expected: tuple[float, float] | None
) -> None:
    found = find_axis_scales(signals, SCAN, "length")
    assert found == (None if expected is None else pytest.approx(expected))
    assert find_scan_step({}, signals) == found


def test_the_document_says_more_than_the_axes() -> None:
    document: dict[str, Any] = {"scan_step": {"value": [0.5, 0.25], "unit": "nm"}}
    assert find_scan_step(document, CASES[0][0]) == pytest.approx((0.5e-9, 0.25e-9))


def test_a_pixel_of_diffraction_is_an_angle_or_becomes_one_with_the_wavelength() -> None:
    angles = [signal(detector_y=(2.0, "mrad"), detector_x=(3.0, "mrad"))]
    lengths = [signal(detector_y=(0.2, "1/nm"), detector_x=(0.3, "1/nm"))]
    voltage = {"acceleration_voltage": {"value": 300, "unit": "kV"}}
    wavelength_nm = 1.968748e-3  # relativistic electrons of 300 kV, from tables
    assert find_diffraction_pixel({}, angles) == pytest.approx((2e-3, 3e-3))
    assert find_diffraction_pixel(voltage, angles) == pytest.approx((2e-3, 3e-3))
    assert find_diffraction_pixel({}, lengths) is None
    assert find_diffraction_pixel(voltage, lengths) == pytest.approx(
        (0.2 * wavelength_nm, 0.3 * wavelength_nm), rel=1e-4
    )
