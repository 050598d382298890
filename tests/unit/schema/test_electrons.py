import pytest

from repository.schema.quantities.electrons import (
    compute_fluence,
    compute_wavelength,
)


@pytest.mark.parametrize(
    ("kilovolts", "picometers"), [(30, 6.9791), (60, 4.8661), (80, 4.1757), (200, 2.5079), (300, 1.9687)]
)
def test_relativistic_wavelength(kilovolts: float, picometers: float) -> None:
    assert compute_wavelength(kilovolts * 1e3) * 1e12 == pytest.approx(picometers, abs=5e-5)


@pytest.mark.parametrize("voltage", [0.0, -80e3, float("nan"), float("inf")])
def test_no_wavelength_without_a_voltage(voltage: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        compute_wavelength(voltage)


def test_fluence_counts_incident_electrons() -> None:
    per_m2 = compute_fluence(2.8e-12, 1e-3, 0.85e-10**2)
    assert per_m2 / 1e20 == pytest.approx(24_189, rel=1e-4)
