import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from repository.schema.checks.structure import check_structure
from repository.schema.documents.normalization import normalize_document
from repository.schema.findings import Finding
from repository.schema.versions.json_schema import build_core
from tests.unit.schema.documents import ANNULAR, EELS, FOUR_D, four_d


def check(**entry: Any) -> list[Finding]:
    return check_structure(normalize_document(entry))


def the_one(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize("document", [FOUR_D, ANNULAR, EELS, {}])
def test_good_documents_have_no_findings(document: dict[str, Any]) -> None:
    assert check_structure(normalize_document(document)) == []


@pytest.mark.parametrize("document", [None, [], "text", 7])
def test_a_document_is_a_mapping(document: Any) -> None:
    assert the_one(check_structure(document)).code == "wrong_type"


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("beam_energy", "acceleration_voltage"),
        ("accelerationvoltage", "acceleration_voltage"),
        ("convergence_angle", "semi_convergence_angle"),
        ("step_size", "scan_step"),
        ("tilt_alpha", "stage_tilt_x"),
        ("dwell", "dwell_time"),
        ("thickness", "sample.thickness"),
        ("dispersion", "energy_axis.bin_width"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_field_that_was_meant(key: str, meant: str) -> None:
    finding = the_one(check(**{key: "1 nm"}))
    assert (finding.severity, finding.code, finding.pointer) == ("error", "unknown_key", f"/{key}")
    assert f'"{meant}"' in finding.hint


def test_a_full_angle_key_says_that_semi_angles_are_stored() -> None:
    assert "semi-angle" in the_one(check(full_convergence_angle="42.8 mrad")).hint


def test_unknown_keys_are_found_at_every_depth() -> None:
    found = check(
        camera={"nam": "EMPAD"},
        annular_detectors=[{"inner": "68 mrad"}],
        probe_current={"value": 1, "unit": "pA", "origin": "guess"},
    )
    assert [f.pointer for f in found] == [
        "/annular_detectors/0/inner",
        "/camera/nam",
        "/probe_current/origin",
    ]
    assert {f.code for f in found} == {"unknown_key"}
    assert '"annular_detectors.inner_angle"' in found[0].hint


def test_extensions_are_free_under_reverse_dns_keys() -> None:
    assert check(extensions={"org.example.lab:run": {"anything": [1, None]}}) == []
    assert the_one(check(extensions={"run": 1})).code == "wrong_form"


@pytest.mark.parametrize("entry", [200, 200.5, {"value": 200}])
def test_a_number_without_unit_is_refused(entry: Any) -> None:
    finding = the_one(check(acceleration_voltage=entry))
    assert finding.code == "unit_missing"
    assert finding.pointer == "/acceleration_voltage"
    assert "kV" in finding.hint


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["value", "uncertainty"])
def test_nan_and_infinity_are_refused(number: float, place: str) -> None:
    quantity = {"value": 1, "unit": "pA", place: number}
    assert the_one(check(probe_current=quantity)).code == "not_finite"


def test_nan_is_found_in_texts_lists_and_extensions() -> None:
    found = check(
        semi_convergence_angle="nan mrad",
        series_times={"values": [0, math.nan], "unit": "s"},
        extensions={"org.example:x": [math.inf]},
    )
    assert [f.pointer for f in found] == [
        "/extensions/org.example:x/0",
        "/semi_convergence_angle/value",
        "/series_times/values/1",
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"origin": "mesured"}, "not_a_choice"),
        ({"technique": ["4D-STEM"]}, "not_a_choice"),
        ({"probe_current": "fifty pA"}, "quantity_unreadable"),
        ({"sample": {"name": ["a"]}}, "wrong_type"),
        ({"sample": {"name": ""}}, "wrong_form"),
        ({"scan_shape": [0, 4]}, "wrong_form"),
        ({"scan_shape": [4, 4, 4]}, "wrong_form"),
        ({"detector_to_scan_matrix": [[1, 0]]}, "wrong_form"),
        ({"probe_current": {"missing": "lost"}}, "not_a_choice"),
        ({"acquired_at": "last tuesday"}, "wrong_form"),
        ({"annular_detectors": "HAADF"}, "wrong_type"),
        ({"monochromated": "perhaps"}, "wrong_type"),
        ({"probe_current": {"unit": "pA"}}, "key_missing"),
        ({"probe_current": {"value": 1, "unit": "pA", "basis": "guess"}}, "not_a_choice"),
        ({"scan_step": {"value": [1, 2, 3], "unit": "nm"}}, "wrong_form"),
        ({"links": [{"role": "vacuum_probe"}]}, "key_missing"),
        ({"frames_summed": 0}, "wrong_form"),
    ],
)
def test_each_slip_has_one_finding_with_its_code(entry: dict[str, Any], code: str) -> None:
    finding = the_one(check(**entry))
    assert (finding.severity, finding.code, finding.layer) == ("error", code, "structure")
    assert finding.message
    assert finding.hint


def test_techniques_by_other_names_are_suggested() -> None:
    assert '"four_d_stem"' in the_one(check(technique="4D-STEM")).hint
    assert '"annular"' in the_one(check(technique="HAADF")).hint


def test_one_wrong_field_does_not_accuse_its_siblings() -> None:
    finding = the_one(check_structure(normalize_document(four_d(acceleration_voltage=300))))
    assert finding.pointer == "/acceleration_voltage"


def test_gaps_groups_and_provenance_are_accepted_everywhere() -> None:
    found = check(
        energy_axis="not recorded",
        annular_detectors={"missing": "withheld", "note": "patent"},
        camera={"name": {"value": "EMPAD", "source": "header", "origin_key": "a/b"}, "mode": "not recorded"},
        stage_tilt_x={"values": [0, 1], "unit": "deg"},
        defocus="-20 nm",
        aberrations={"convention": "krivanek", "coefficients": {"C3_0": "1.2 um"}},
    )
    assert found == []


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(build_core())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*FOUR_D, "series_times", "annular_detectors", "aberrations", "x"]), JSON)
)
def test_anything_gets_findings_and_no_exception(document: dict[str, Any]) -> None:
    for finding in check_structure(normalize_document(document)):
        assert finding.message
        assert finding.hint
