import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema import validate_dataset, validate_measurement
from repository.schema.findings import Finding
from repository.schema.quantities.signals import SignalAxis, SignalShape
from tests.unit.schema.documents import FOUR_D, annular, eels, four_d, scan_4d, spectrum_image

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def errors(document: Any, signals: Any = None, **more: Any) -> list[Finding]:
    found = validate_measurement(document, signals=signals, now=NOW, **more)
    return [finding for finding in found if finding.severity == "error"]


@pytest.mark.parametrize(
    ("document", "signals"),
    [
        (four_d(), scan_4d()),
        (annular(), None),
        (eels(), spectrum_image()),
        ({"technique": "other", "origin": "measured", "level": "raw", "sample": {"name": "x"}}, None),
    ],
)
def test_complete_documents_can_be_published(document: dict[str, Any], signals: Any) -> None:
    assert errors(document, signals) == []


@pytest.mark.parametrize(
    "path",
    [
        key
        for key in FOUR_D
        if key not in {"scan", "series", "sample", "camera", "instrument", "illumination"}
    ],
)
def test_each_missing_field_is_named_with_reason_and_answer(path: str) -> None:
    found = errors(four_d(**{path: None}))
    if path == "technique":
        assert {f.code for f in found} == {"required_field_missing"}
        return
    assert {f.code for f in found} == {"required_field_missing"}
    assert all(f.pointer.startswith("/") and path in f.hint for f in found)
    assert len(found) == (2 if path == "dwell_time" else 1), (
        "the dwell time also answers for the camera's frame time"
    )


@pytest.mark.parametrize(
    "path",
    [
        "probe_current",
        "semi_convergence_angle",
        "scan_step",
        "detector_to_scan_matrix",
        "diffraction_pixel_size",
        "dwell_time",
        "scan_pattern",
        "acquired_at",
    ],
)
@pytest.mark.parametrize("gap", ["not_recorded", "withheld", "not_applicable"])
def test_declared_gaps_are_answers(path: str, gap: str) -> None:
    assert errors(four_d(**{path: {"missing": gap, "note": "lost with the notebook"}}), scan_4d()) == []


@pytest.mark.parametrize("path", ["technique", "origin", "level", "acceleration_voltage"])
def test_some_things_have_no_gap(path: str) -> None:
    found = errors(four_d(**{path: {"missing": "not_recorded"}}))
    assert found
    assert {f.code for f in found} <= {"gap_not_allowed", "wrong_type", "required_field_missing"}
    assert any(f.pointer == f"/{path}" for f in found)


def test_the_sample_has_a_name() -> None:
    (finding,) = errors(
        four_d(sample={"name": "not recorded", "elements": "unknown", "preparation": "not recorded"})
    )
    assert (finding.code, finding.pointer) == ("gap_not_allowed", "/sample/name")


def test_axes_have_no_gap_but_their_calibration_has() -> None:
    assert {f.pointer for f in errors(four_d(scan_step=None), scan_4d())} == {"/scan_step"}
    assert errors(four_d(scan_step="not recorded"), scan_4d()) == []
    odd = (SignalShape("data", (SignalAxis("stage_height", 4), *scan_4d()[0].axes)),)
    for signals in (None, scan_4d(), odd):
        (refused,) = errors(four_d(axes="not recorded"), signals)
        assert (refused.code, refused.pointer) == ("gap_not_allowed", "/axes")
    (finding,) = errors(four_d(), odd)
    assert (finding.code, finding.pointer) == ("required_field_missing", "/axes")
    assert 'stage_height of "data"' in finding.message


def test_the_places_that_were_searched_are_named() -> None:
    (finding,) = errors(four_d(probe_current=None), looked_for={"probe_current": ["root/beam_current"]})
    assert "root/beam_current" in finding.why
    (stated,) = errors(
        four_d(probe_current=None, looked_for={"probe_current": ["Microscope.Screen Current"]})
    )
    assert "Microscope.Screen Current" in stated.why


def test_layers_are_reported_apart() -> None:
    found = validate_measurement(
        four_d(foo=1, acceleration_voltage="300 V", scan_shape=[3, 3]), signals=scan_4d()
    )
    by_code = {f.code: f.layer for f in found}
    assert by_code["unknown_key"] == "structure"
    assert by_code["value_impossible"] == "quantity"
    assert by_code["scan_shape_mismatch"] == "cross_field"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"acceleration_voltage": "300 V"}, "value_impossible"),
        ({"acceleration_voltage": {"value": float("nan"), "unit": "kV"}}, "not_finite"),
        ({"beam_energy": "300 keV"}, "unknown_key"),
        ({"scan_step": "0.1 furlong"}, "unit_unknown"),
        ({"scan_step": 0.1}, "unit_missing"),
    ],
)
def test_bad_input_of_the_issue(changes: dict[str, Any], code: str) -> None:
    found = errors(four_d(**changes))
    assert code in {f.code for f in found}
    assert all(f.message and f.hint for f in found)


@pytest.mark.parametrize("document", [None, [], 3, "text"])
def test_no_mapping_no_document(document: Any) -> None:
    assert [f.code for f in errors(document)] == ["wrong_type"]


DATASET: dict[str, Any] = {
    "title": "MoS2 at 80 kV",
    "creators": [{"name": "Doe, Jane", "orcid": "https://orcid.org/0000-0002-1825-0097"}],
    "abstract": "Words.",
    "license": "CC-BY-4.0",
    "keywords": "MoS2",
    "access": "open",
}


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({}, None, ""),
        ({"title": None}, "key_missing", "error"),
        ({"title": ""}, "wrong_form", "error"),
        ({"creators": []}, "key_missing", "error"),
        ({"creators": [{"orcid": "0000-0002-1825-0097"}]}, "key_missing", "error"),
        ({"creators": [{"name": "x", "orcid": "0000-0002-1825-0098"}]}, "orcid_invalid", "error"),
        ({"creators": [{"name": "x", "orcid": "jane"}]}, "wrong_form", "error"),
        ({"license": "Beerware"}, "license_unknown", "warning"),
        ({"abstract": None}, "abstract_missing", "info"),
        ({"access": "embargoed"}, "embargo_date_missing", "error"),
        ({"access": "embargoed", "embargo_until": "not recorded"}, "embargo_date_missing", "error"),
        ({"access": "embargoed", "embargo_until": {"missing": "withheld"}}, "embargo_date_missing", "error"),
        ({"access": "open", "embargo_until": "not recorded"}, None, ""),
        ({"access": "embargoed", "embargo_until": "2020-01-01"}, "embargo_date_past", "error"),
        ({"access": "embargoed", "embargo_until": "2027-02-30"}, "wrong_form", "error"),
        ({"access": "embargoed", "embargo_until": "2027-01-31"}, None, ""),
        ({"title": {"missing": "not_recorded"}}, "gap_not_allowed", "error"),
        ({"creators": {"missing": "withheld"}}, "gap_not_allowed", "error"),
        ({"license": {"missing": "not_recorded"}}, "gap_not_allowed", "error"),
        ({"access": "secret"}, "not_a_choice", "error"),
        ({"authors": []}, "unknown_key", "error"),
    ],
)
def test_datasets(changes: dict[str, Any], code: str | None, severity: str) -> None:
    document = {key: entry for key, entry in {**DATASET, **changes}.items() if entry is not None}
    found = validate_dataset(document, now=NOW)
    assert [(f.code, f.severity) for f in found] == ([] if code is None else [(code, severity)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *FOUR_D,
                "annular_detectors",
                "segments",
                "energy_axis",
                "axes",
                "links",
                "looked_for",
                "series_times",
                "scan_crop",
                "environment",
            ]
        ),
        JSON,
    )
)
def test_anything_is_judged_and_nothing_raises(changes: dict[str, Any]) -> None:
    for finding in validate_measurement({**FOUR_D, **changes}, signals=scan_4d(), now=NOW):
        assert finding.code
        assert finding.message
