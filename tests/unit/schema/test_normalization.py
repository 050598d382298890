from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents.normalization import normalize_document
from tests.unit.schema.documents import FOUR_D


def normalize(**entry: Any) -> Any:
    (normal,) = normalize_document(entry).values()
    return normal


def test_texts_become_quantities_with_source_and_basis() -> None:
    assert normalize(acceleration_voltage="200 kV") == {
        "value": 200,
        "unit": "kV",
        "source": "depositor",
        "basis": "nominal",
    }
    assert normalize(probe_current="20-30 pA")["basis"] == "estimated"
    assert normalize(scan_step={"value": "0.2 Å"}) == {
        "value": 0.2,
        "unit": "Ao",
        "source": "depositor",
        "basis": "nominal",
    }


def test_stated_provenance_is_kept() -> None:
    stated = {"value": 200, "unit": "kV", "source": "header", "basis": "calibrated", "origin_key": "a.b"}
    assert normalize(acceleration_voltage=stated) == stated


def test_a_bare_number_stays_one() -> None:
    assert normalize(acceleration_voltage=200) == 200


def test_units_get_their_code_and_unknown_ones_stay_for_validation() -> None:
    assert normalize(scan_step={"value": 1, "unit": "Å"})["unit"] == "Ao"
    assert normalize(scan_step={"value": 1, "unit": "furlong"})["unit"] == "furlong"


@pytest.mark.parametrize("unit", ["", " "])
def test_an_empty_unit_is_none(unit: str) -> None:
    """A field of a form that was left empty says nothing, not "1"; what is written beside it counts."""
    assert "unit" not in normalize(scan_step={"value": 1, "unit": unit})
    assert normalize(scan_step={"value": "1 nm", "unit": unit})["unit"] == "nm"


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ("not recorded", "not_recorded"),
        ("Not_Recorded", "not_recorded"),
        ("withheld", "withheld"),
        ("not applicable", "not_applicable"),
    ],
)
def test_gaps_in_words(typed: str, missing: str) -> None:
    assert normalize(probe_current=typed) == {"missing": missing}


def test_not_measured_is_an_answer_for_the_matrix_and_unknown_for_elements() -> None:
    assert normalize(detector_to_scan_matrix="not measured")["missing"] == "not_recorded"
    assert normalize(sample={"elements": "unknown"})["elements"]["missing"] == "not_recorded"
    assert normalize(sample={"name": "unknown"}) == {"name": "unknown"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2024-05-02T10:20:00+02:00", "2024-05-02T10:20:00+02:00"),
        ("2024-05-02 10:20:00", {"value": "2024-05-02T10:20:00", "zone": "unknown"}),
        ("2024-05-02", {"value": "2024-05-02", "zone": "unknown"}),
        ({"value": "2024-05-02T10:20:00", "zone": "Europe/Berlin"}, "2024-05-02T10:20:00+02:00"),
        ({"value": "2024-01-02T10:20:00", "zone": "Europe/Berlin"}, "2024-01-02T10:20:00+01:00"),
        (
            {"value": "2024-05-02T10:20:00", "zone": "unknown"},
            {"value": "2024-05-02T10:20:00", "zone": "unknown"},
        ),
        ("last tuesday", "last tuesday"),
    ],
)
def test_dates(typed: Any, stored: Any) -> None:
    assert normalize(acquired_at=typed) == stored


def test_single_words_become_lists() -> None:
    assert normalize(technique="eels") == ["eels"]
    assert normalize(sample={"elements": "Sr, Ti O"})["elements"] == ["Sr", "Ti", "O"]
    assert normalize(scan_shape="256x128") == [256, 128]
    assert normalize(annular_detectors={"name": "HAADF"}) == [{"name": "HAADF"}]


def test_unfilled_lines_are_left_out() -> None:
    assert normalize_document({"title": None, "camera": {"name": None}, "links": [{"role": None}]}) == {}


def test_unknown_keys_stay_for_validation() -> None:
    assert normalize_document({"foo": 1, "camera": {"bar": None, "baz": 2}}) == {
        "foo": 1,
        "camera": {"baz": 2},
    }


def test_the_argument_is_not_changed_and_twice_is_once() -> None:
    before = repr(FOUR_D)
    once = normalize_document(FOUR_D)
    assert repr(FOUR_D) == before
    assert normalize_document(once) == once


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*FOUR_D, "series_times", "annular_detectors", "aberrations", "links"]), JSON
    )
)
def test_anything_can_be_normalized(document: dict[str, Any]) -> None:
    once = normalize_document(document)
    assert repr(normalize_document(once)) == repr(once)


def test_a_bare_name_is_a_creator() -> None:
    for typed in ("Lovelace, Ada", ["Lovelace, Ada"], [{"name": "Lovelace, Ada"}]):
        assert normalize_document({"creators": typed}, kind="dataset") == {
            "creators": [{"name": "Lovelace, Ada"}]
        }
