from typing import Any

import pytest

from repository.schema.checks.ranges import check_quantities
from repository.schema.documents.normalization import normalize_document
from repository.schema.findings import Finding
from repository.schema.quantities.quantity import read_quantity
from repository.schema.questions.fields import load_catalogue
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D


def check(**entry: Any) -> list[Finding]:
    return check_quantities(normalize_document(entry))


@pytest.mark.parametrize("document", [FOUR_D, ANNULAR, EELS])
def test_good_documents_have_no_findings(document: dict[str, Any]) -> None:
    assert check_quantities(normalize_document(document)) == []


@pytest.mark.parametrize(
    ("entry", "severity", "code", "slip"),
    [
        ({"acceleration_voltage": "300 V"}, "error", "value_impossible", '"300 kV"'),
        ({"acceleration_voltage": "300000 kV"}, "error", "value_impossible", '"300000 V"'),
        ({"acceleration_voltage": "5 kV"}, "warning", "value_unusual", ""),
        ({"semi_convergence_angle": "84 mrad"}, "warning", "value_unusual", "write 42 mrad"),
        ({"semi_convergence_angle": "21.4 rad"}, "error", "value_impossible", '"21.4 mrad"'),
        ({"semi_convergence_angle": "150 mrad"}, "error", "value_impossible", "semi-angle"),
        ({"probe_current": "50 nA"}, "warning", "value_unusual", '"50 pA"'),
        ({"probe_current": "50 A"}, "error", "value_impossible", '"50 pA"'),
        ({"scan_step": "0.1 m"}, "error", "value_impossible", '"0.1 nm"'),
        ({"scan_step": {"value": [0.1, 5000], "unit": "nm"}}, "warning", "value_unusual", ""),
        ({"dwell_time": "1e9 s"}, "error", "value_impossible", ""),
        ({"collection_semi_angle": "200 mrad"}, "warning", "value_unusual", "write 100 mrad"),
        ({"stage_tilt_x": {"values": [-70, 0, 95], "unit": "deg"}}, "warning", "value_unusual", ""),
        ({"sample": {"thickness": "5000 nm"}}, "warning", "value_unusual", ""),
        ({"probe_current": "1-30000 pA"}, "warning", "value_unusual", ""),
        ({"annular_detectors": [{"outer_angle": "400 mrad"}]}, "warning", "value_unusual", "write 200 mrad"),
    ],
)
def test_ranges_and_likely_slips(entry: dict[str, Any], severity: str, code: str, slip: str) -> None:
    (finding,) = check(**entry)
    assert (finding.severity, finding.code, finding.layer) == (severity, code, "quantity")
    assert slip in finding.hint


def test_no_full_angle_is_meant_where_half_of_it_is_impossible_too() -> None:
    (possible,), (absurd,) = (
        check(semi_convergence_angle="199 mrad"),
        check(semi_convergence_angle="450 mrad"),
    )
    assert "semi-angle" in possible.hint
    assert "semi-angle" not in absurd.hint


def test_a_percent_is_not_an_angle() -> None:
    (finding,) = check(semi_convergence_angle="2.5 %")
    assert finding.code == "unit_not_allowed"
    assert "mrad" in finding.hint


@pytest.mark.parametrize(
    ("unit", "code", "meant"),
    [
        ("furlong", "unit_unknown", ""),
        ("KV", "unit_unknown", '"kV"'),
        ("keV", "unit_not_allowed", "kV"),
        ("nm", "unit_not_allowed", "kV"),
    ],
)
def test_units(unit: str, code: str, meant: str) -> None:
    (finding,) = check(acceleration_voltage={"value": 200, "unit": unit})
    assert (finding.severity, finding.code, finding.pointer) == ("error", code, "/acceleration_voltage/unit")
    assert meant in finding.hint


def test_reciprocal_pixels_are_judged_through_the_wavelength() -> None:
    assert check(diffraction_pixel_size="0.01 Ao-1", acceleration_voltage="80 kV") == []
    (finding,) = check(diffraction_pixel_size="10 Ao-1", acceleration_voltage="80 kV")
    assert finding.code == "value_impossible"
    assert check(diffraction_pixel_size="10 Ao-1") == []


def test_a_backward_range_is_refused() -> None:
    (finding,) = check(probe_current="30-20 pA")
    assert finding.code == "range_reversed"


@pytest.mark.parametrize("values", [[0, "1"], [0, None], [True]])
def test_series_hold_numbers(values: list[Any]) -> None:
    (finding,) = check(series_times={"values": values, "unit": "s"})
    assert finding.code == "wrong_form"


def test_gaps_have_no_range() -> None:
    assert check(acceleration_voltage="not recorded", annular_detectors="withheld") == []


def test_elements() -> None:
    assert check(sample={"elements": ["No", "Y", "U"]}) == []
    first, second = check(sample={"elements": ["ti", "Xx"]})
    assert (first.code, first.pointer) == ("element_unknown", "/sample/elements/0")
    assert '"Ti"' in first.hint
    assert second.pointer == "/sample/elements/1"


def test_aberrations_are_lengths() -> None:
    found = check(aberrations={"convention": "haider", "coefficients": {"C3": "1.2 um", "A1": "2 mrad"}})
    assert [f.pointer for f in found] == ["/aberrations/coefficients/A1/unit"]


def test_every_example_of_the_catalogue_is_usual() -> None:
    for field in load_catalogue().measurement.values():
        if field.kind not in {"quantity", "quantity_or_series"} or "." in field.path:
            continue
        for example in field.examples:
            assert check(**{field.path: example}) == [], field.path
            assert read_quantity(normalize_document({field.path: example})[field.path]) is not None


def test_x_ray_spectra_of_usual_channels_end_where_they_do() -> None:
    """4096 channels of 10 eV, as of every X-ray detector, are no slip; as many of 100 eV are one."""
    assert check(energy_axis={"start": "-200 eV", "end": "40750 eV", "bin_width": "10 eV"}) == []
    (found,) = check(energy_axis={"start": "0 eV", "end": "409.5 keV"})
    assert (found.code, found.pointer) == ("value_unusual", "/energy_axis/end")
