from typing import Any

import pytest

from repository.schema.checks.structure import check_structure
from repository.schema.documents.merging import MergedMetadata, merge_metadata
from tests.unit.schema.documents import FOUR_D


def merge(header: dict[str, Any], *layers: dict[str, Any]) -> MergedMetadata:
    return merge_metadata(
        header=header, supplied_layers=[(f"layer {n}", layer) for n, layer in enumerate(layers)]
    )


HEADER: dict[str, Any] = {
    "technique": ["four_d_stem"],
    "acquired_at": "2024-05-02 10:20:00",
    "acceleration_voltage": {"value": 80, "unit": "kV", "origin_key": "root/HT"},
    "dwell_time": "1 ms",
    "scan_shape": [52, 54],
    "camera": {"name": "EMPAD"},
    "sample": {"elements": ["Mo"]},
    "looked_for": {"probe_current": ["root/current"]},
}


def test_every_value_keeps_its_source() -> None:
    document = merge(HEADER, {"probe_current": "50 pA", "sample": {"name": "MoS2"}}).document
    assert document["acceleration_voltage"] == {
        "value": 80,
        "unit": "kV",
        "origin_key": "root/HT",
        "source": "header",
        "basis": "nominal",
    }
    assert document["camera"]["name"] == {"value": "EMPAD", "source": "header"}
    assert document["scan_shape"] == {"value": [52, 54], "source": "header"}
    assert document["acquired_at"] == {"value": "2024-05-02T10:20:00", "zone": "unknown", "source": "header"}
    assert document["probe_current"]["source"] == "depositor"
    assert document["sample"]["name"] == "MoS2"
    assert document["technique"] == ["four_d_stem"]


def test_the_merged_document_is_well_formed() -> None:
    assert check_structure(merge(HEADER, FOUR_D).document) == []
    assert check_structure(merge(FOUR_D, {}).document) == []


@pytest.mark.parametrize(
    "given",
    ["80 kV", "80000 V", "81 kV", "79-82 kV", {"value": 90, "unit": "kV", "uncertainty": 10}],
)
def test_equal_values_are_no_conflict(given: Any) -> None:
    assert merge(HEADER, {"acceleration_voltage": given}).conflicts == []


def test_a_difference_is_listed_in_one_unit_and_the_given_value_is_used() -> None:
    merged = merge(HEADER, {"acceleration_voltage": "200000 V"})
    (conflict,) = merged.conflicts
    assert (conflict.severity, conflict.code, conflict.pointer) == (
        "warning",
        "header_conflict",
        "/acceleration_voltage",
    )
    assert "200000 V" in conflict.message
    assert "80000 V" in conflict.message
    assert merged.document["acceleration_voltage"]["value"] == 200000


@pytest.mark.parametrize(
    ("given", "conflicts"),
    [
        ({"scan_shape": [54, 52]}, 1),
        ({"scan_shape": [52, 54]}, 0),
        ({"camera": {"name": "Empad G2"}}, 0),
        ({"sample": {"elements": ["Mo", "S"]}}, 0),
        ({"acquired_at": "2024-05-02T10:20:30+02:00"}, 0),
        ({"acquired_at": "2024-05-02"}, 0),
        ({"acquired_at": "2024-05-03T10:20:00+02:00"}, 1),
        ({"technique": ["eels"]}, 0),
    ],
)
def test_descriptions_may_differ_and_measurements_may_not(given: dict[str, Any], conflicts: int) -> None:
    merged = merge(HEADER, given)
    assert len(merged.conflicts) == conflicts


def test_later_layers_override_earlier_ones_and_groups_are_joined() -> None:
    document = merge(
        {},
        {"probe_current": "1 pA", "camera": {"name": "a", "mode": "counting"}},
        {"probe_current": "2 pA", "camera": {"name": "b"}},
    ).document
    assert document["probe_current"]["value"] == 2
    assert document["camera"] == {"name": "b", "mode": "counting"}


def test_not_recorded_does_not_hide_the_header_but_withheld_does() -> None:
    kept = merge(HEADER, {"acceleration_voltage": "not recorded"})
    hidden = merge(HEADER, {"acceleration_voltage": "withheld"})
    assert kept.document["acceleration_voltage"]["value"] == 80
    assert hidden.document["acceleration_voltage"] == {"missing": "withheld"}
    assert [c.code for c in kept.conflicts] == [c.code for c in hidden.conflicts] == ["gap_has_header_value"]
    assert merge({}, {"probe_current": "not recorded"}).document["probe_current"] == {
        "missing": "not_recorded"
    }


def test_a_value_replaces_an_earlier_gap() -> None:
    assert merge({}, {"camera": "not recorded"}, {"camera": {"name": "x"}}).document["camera"] == {
        "name": "x"
    }


def test_detectors_are_joined_by_name() -> None:
    header = {"annular_detectors": [{"name": "HAADF", "inner_angle": "68 mrad"}, {"name": "BF"}]}
    given = {"annular_detectors": [{"name": "HAADF", "inner_angle": "90 mrad", "outer_angle": "200 mrad"}]}
    merged = merge(header, given)
    first, second = merged.document["annular_detectors"]
    assert (first["inner_angle"]["value"], first["outer_angle"]["value"]) == (90, 200)
    assert second["name"] == "BF"
    assert [c.pointer for c in merged.conflicts] == ["/annular_detectors/0/inner_angle"]
    other = {"annular_detectors": [{"name": "ADF", "inner_angle": "90 mrad"}]}
    assert [d["name"] for d in merge(header, other).document["annular_detectors"]] == ["ADF"]


def test_instrument_layers_are_marked() -> None:
    layers = [("instruments/a.dm4", {"probe_current": "50 pA", "camera": {"name": "x"}})]
    document = merge_metadata(header={}, supplied_layers=layers).document
    assert document["probe_current"]["source"] == "instrument"
    assert document["camera"]["name"] == {"value": "x", "source": "instrument"}


def test_searched_places_survive_and_nothing_given_is_changed() -> None:
    before = repr(HEADER)
    assert merge(HEADER, {"looked_for": {}}).document["looked_for"] == HEADER["looked_for"]
    assert repr(HEADER) == before


def test_different_dimensions_are_not_compared() -> None:
    assert merge({"diffraction_pixel_size": "1 mrad"}, {"diffraction_pixel_size": "1 nm-1"}).conflicts == []


def test_pairs_are_compared_with_single_numbers() -> None:
    header = {"scan_step": {"value": [0.1, 0.1], "unit": "nm"}}
    assert merge(header, {"scan_step": "1 Å"}).conflicts == []
    assert len(merge(header, {"scan_step": {"value": [0.1, 0.2], "unit": "nm"}}).conflicts) == 1
