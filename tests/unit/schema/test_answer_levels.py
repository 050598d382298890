"""Which answers hold for a file: file, pattern, header, kind, all, instrument; and what a cell says of them."""

from typing import Any

import pytest

from repository.schema import merge_metadata, normalize_document, select_supplied, validate_supplied
from repository.schema.checks.cells import Sources, build_cells, find_field
from repository.schema.documents.levels import does_apply, name_kind, place_entry, remove_entry
from repository.schema.findings import Finding
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.requirements import list_requirements
from repository.schema.questions.techniques import find_impossible

PATH = "night/a.dm4"


def merge(document: dict[str, Any], header: dict[str, Any]) -> dict[str, Any]:
    return merge_metadata(header=header, supplied_layers=select_supplied(document, PATH)).document


def look(document: dict[str, Any], header: dict[str, Any], *findings: Finding) -> dict[str, dict[str, Any]]:
    layers = select_supplied(document, PATH)
    merged = merge_metadata(header=header, supplied_layers=layers)
    found = (*merged.conflicts, *findings)
    document = normalize_document(merged.document)
    sources = Sources(PATH, header, layers, document, (), found)
    asked = list_requirements(document, signals=())
    return {path: cell.as_dict() for path, cell in build_cells(sources, asked).items()}


LADDER: dict[str, Any] = {
    "instruments": {PATH: {"probe_current": "0 pA"}, "night/b.dm4": {"probe_current": "7 pA"}},
    "defaults": {"probe_current": "1 pA"},
    "kinds": {"annular": {"probe_current": "2 pA"}, "eels": {"probe_current": "9 pA"}},
    "measurements": {"*.dm4": {"probe_current": "4 pA"}, PATH: {"probe_current": "5 pA"}},
}
HEADER = {"technique": ["annular"], "probe_current": "3 pA"}


def test_the_nearest_answer_holds() -> None:
    document: dict[str, Any] = dict(LADDER)
    expected = [("measurement", 5), ("pattern", 4), ("header", 3), ("kind", 2), ("all", 1), ("instrument", 0)]
    header = dict(HEADER)
    for level, value in expected:
        assert merge(document, header)["probe_current"]["value"] == value
        cell = look(document, header)["probe_current"]
        assert cell["level"] == level
        assert len(cell.get("below", [])) == value, "everything that it stands over"
        # Take it away: the next one holds.
        match level:
            case "measurement":
                document["measurements"] = {"*.dm4": LADDER["measurements"]["*.dm4"]}
            case "pattern":
                del document["measurements"]
            case "header":
                del header["probe_current"]
            case "kind":
                del document["kinds"]
            case "all":
                del document["defaults"]
    assert merge(document, header)["probe_current"]["source"] == "instrument"


def test_a_path_goes_before_every_pattern_wherever_it_stands() -> None:
    document = {"measurements": {PATH: {"notes": "own"}, "night/*.dm4": {"notes": "pattern"}}}
    assert merge(document, {})["notes"] == "own"


@pytest.mark.parametrize("level", ["defaults", "measurements"])
def test_not_recorded_hides_no_value_at_any_level(level: str) -> None:
    gap = {"probe_current": "not recorded"}
    near: dict[str, Any] = {"defaults": {"probe_current": "1 pA"}, "measurements": {PATH: gap}}
    assert merge(near, {"technique": ["annular"]})["probe_current"]["value"] == 1
    over_header = {"defaults": gap} if level == "defaults" else {"measurements": {PATH: gap}}
    assert merge(over_header, HEADER)["probe_current"]["value"] == 3
    assert merge({"defaults": {"probe_current": "withheld"}}, HEADER)["probe_current"] == {
        "missing": "withheld"
    }


def test_what_differs_is_asked_again() -> None:
    document = {**LADDER, "measurements": {}, "differs": {PATH: ["probe_current"]}}
    header = {"technique": ["annular"]}
    assert "probe_current" not in merge(document, header)
    assert look(document, header)["probe_current"]["state"] == "needed"


@pytest.mark.parametrize(
    ("technique", "field", "applies"),
    [
        ("annular", "camera.name", False),
        ("four_d_stem", "camera.name", True),
        ("tem_image", "semi_convergence_angle", False),
        ("other", "camera.name", True),
        ("derived_table", "camera.name", True),
        ("annular", "notes", True),
        ("annular", "exposure_time", True),
    ],
)
def test_a_rule_speaks_of_what_the_table_asks(technique: str, field: str, *, applies: bool) -> None:
    assert does_apply(field, {"technique": [technique]}) is applies
    document = {"defaults": place_entry({}, field, "not recorded")}
    merged = merge(document, {"technique": [technique]})
    assert bool(merged.keys() - {"technique"}) is applies
    named = merge({"measurements": {PATH: document["defaults"]}}, {"technique": [technique]})
    assert named.keys() - {"technique"}, "what was said of this file is kept, whatever it is"


def test_an_error_is_told_at_its_field_and_nowhere_else() -> None:
    error = Finding("error", "out_of_range", "Too much.", "/camera/frame_time", "Give less.", "quantity")
    document = {"measurements": {PATH: {"camera": {"frame_time": "1 s", "name": "EMPAD"}}}}
    cells = look(document, {"technique": ["four_d_stem"]}, error)
    assert (cells["camera.frame_time"]["state"], cells["camera.frame_time"]["problem"]) == (
        "not_understood",
        "Too much.",
    )
    assert cells["camera.name"]["state"] == "value"
    unsaid = look({}, {"technique": ["four_d_stem"]}, error)["camera.frame_time"]
    assert (unsaid["state"], unsaid["problem"]) == ("needed", "Too much."), (
        "nothing stands there to be understood"
    )
    assert find_field("/annular_detectors/0/inner_angle/unit") == "annular_detectors[].inner_angle"
    assert find_field("/nothing/of/that") == ""


def test_parts_of_lists_are_a_column_each() -> None:
    segments = [
        {"inner_angle": "0 mrad", "outer_angle": "20 mrad", "azimuth": "45 deg", "signal": "A"},
        {"inner_angle": "10 mrad"},
    ]
    cells = look({}, {"technique": ["segmented_detector"], "segments": segments})
    assert cells["segments[].inner_angle"]["text"] == "0 mrad; 10 mrad"
    assert cells["segments[].outer_angle"]["text"] == "20 mrad"


def test_kinds_are_named_in_one_way_and_hold_no_field_of_a_file() -> None:
    assert name_kind(["eels", "annular"]) == "annular+eels"
    codes = [
        one.code
        for one in validate_supplied({"kinds": {"eels+annular": {}, "annular": {"scan_shape": [2, 2]}}})
    ]
    assert codes == ["kind_unknown", "field_of_one_file"]
    assert [one.code for one in validate_supplied({"differs": {PATH: ["no_field"]}})] == ["wrong_type"]
    assert validate_supplied({"kinds": {"annular+eels": {"notes": "x"}}, "differs": {PATH: ["notes"]}}) == []


def test_places_are_written_and_taken_away_with_the_groups_that_they_were_in() -> None:
    document = place_entry({"camera": {"missing": "not_recorded"}}, "camera.name", "EMPAD")
    assert document == {"camera": {"name": "EMPAD"}}
    assert remove_entry(document, "camera.name") == {}
    assert remove_entry({"camera": {"name": "a", "mode": "b"}}, "camera.name") == {"camera": {"mode": "b"}}
    assert remove_entry({}, "camera.name") == {}


def shape(*names: str) -> SignalShape:
    return SignalShape.from_dict({"name": "data", "axes": [{"name": name, "size": 8} for name in names]})


@pytest.mark.parametrize(
    ("technique", "axes", "possible"),
    [
        ("four_d_stem", ("scan_y", "scan_x"), False),
        ("four_d_stem", ("scan_y", "scan_x", "detector_y", "detector_x"), True),
        ("four_d_stem", ("frame", "detector_y", "detector_x"), True),
        ("four_d_stem", ("scan_y", "scan_x", "energy"), False),
        ("eels", ("scan_y", "scan_x"), False),
        ("eels", ("scan_y", "scan_x", "energy"), True),
        ("eels", ("detector_y", "detector_x"), True),
        ("tem_image", ("energy",), False),
        ("diffraction_pattern", ("detector_y", "detector_x"), True),
        ("annular", ("scan_y", "scan_x"), True),
    ],
)
def test_a_technique_that_cannot_be_is_named(
    technique: str, axes: tuple[str, ...], *, possible: bool
) -> None:
    assert (find_impossible([technique], [shape(*axes)]) is None) is possible
    assert find_impossible([technique], []) is None
