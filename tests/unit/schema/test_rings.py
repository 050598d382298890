"""The rings of annular detectors as one answer: typed, shown, and joined with what the file says of its detectors."""

from typing import Any

import pytest

from repository.schema.checks.cell_values import CellRefusedError, format_entry, read_typed
from repository.schema.checks.rings import RINGS, RingTextError, format_rings, join_rings
from repository.schema.findings import Finding
from tests.unit.schema.test_answer_levels import look


def ring(inner: float, outer: float, **more: Any) -> dict[str, Any]:
    return {
        "inner_angle": {"value": inner, "unit": "mrad"},
        "outer_angle": {"value": outer, "unit": "mrad"},
        **more,
    }


@pytest.mark.parametrize(
    ("text", "entry", "shown"),
    [
        ("68–200 mrad", [ring(68, 200)], "68–200 mrad"),
        ("68 to 200 mrad", [ring(68, 200)], "68–200 mrad"),
        ("HAADF 68-200 mrad; BF: 0-10 mrad", [ring(68, 200, name="HAADF"), ring(0, 10, name="BF")],
         "HAADF 68–200 mrad; BF 0–10 mrad"),
        ("DF 4 40..80 mrad", [ring(40, 80, name="DF 4")], "DF 4 40–80 mrad"),
        ("not recorded", {"missing": "not_recorded"}, "not recorded"),
    ],
)  # fmt: skip
def test_rings_are_typed_as_people_write_them(text: str, entry: Any, shown: str) -> None:
    typed = read_typed(RINGS, text)
    assert (typed.entry, typed.text) == (entry, shown)
    assert read_typed(RINGS, shown).entry == entry, "what is shown can be typed again"


def test_a_unit_and_a_basis_may_stand_beside_and_about_is_an_estimate() -> None:
    (plain,) = read_typed(RINGS, "68-200", unit="mrad", basis="calibrated").entry
    assert plain["inner_angle"] == {"value": 68, "unit": "mrad", "basis": "calibrated"}
    (about,) = read_typed(RINGS, "~60-200 mrad").entry
    assert about["outer_angle"] == {"value": 200, "unit": "mrad", "basis": "estimated"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("68 mrad", "no_ring"),
        ("HAADF", "no_ring"),
        (";;", "no_ring"),
        ("200-68 mrad", "no_ring"),
        ("HAADF 68-200 mrad; BF", "no_ring"),
        ("68-200", "unit_missing"),
        ("68-200 kV", "unit_not_allowed"),
        ("68-2000 mrad", "value_impossible"),
    ],
)
def test_what_is_no_ring_is_refused(text: str, code: str) -> None:
    with pytest.raises(CellRefusedError) as refused:
        read_typed(RINGS, text)
    assert refused.value.code == code
    assert refused.value.hint


def test_rings_go_with_the_detectors_that_the_file_names() -> None:
    known = [{"name": {"value": "HAADF", "source": "header"}, "signal": "a"}, {"name": "BF", "signal": "b"}]
    unnamed = join_rings(known, [ring(68, 200), ring(0, 10)])
    assert [(one["signal"], one["inner_angle"]["value"]) for one in unnamed] == [("a", 68), ("b", 0)]
    (named,) = join_rings(known, [ring(0, 10, name="BF")])
    assert named["signal"] == "b"
    assert join_rings(None, [ring(68, 200)]) == [ring(68, 200)]
    with pytest.raises(RingTextError, match="1 rings were given for 2 detectors"):
        join_rings(known, [ring(68, 200)])


def test_the_table_shows_one_cell_which_waits_until_every_ring_has_both_edges() -> None:
    def show(detectors: Any, *findings: Finding) -> dict[str, Any]:
        cells = look({}, {"technique": ["annular"], RINGS: detectors}, *findings)
        assert not any(path.startswith(f"{RINGS}[]") for path in cells)
        return dict(cells[RINGS])

    half = [{"name": "BF", "inner_angle": "0 mrad", "outer_angle": "20 mrad"}, {"name": "HAADF"}]
    assert look({}, {"technique": ["annular"]})[RINGS]["state"] == "needed"
    assert (show(half)["state"], show(half)["text"]) == ("needed", "BF 0–20 mrad; HAADF ? – ?")
    half[1] |= {"inner_angle": "68 mrad", "outer_angle": "not recorded"}
    assert show(half)["state"] == "not_recorded"
    half[1]["outer_angle"] = "200 mrad"
    assert (show(half)["state"], show(half)["text"]) == ("value", "BF 0–20 mrad; HAADF 68–200 mrad")
    fault = Finding("error", "value_impossible", "Too much.", f"/{RINGS}/1/outer_angle", "Less.", "quantity")
    assert (show(half, fault)["state"], show(half, fault)["problem"]) == ("not_understood", "Too much.")
    conflict = Finding("warning", "header_conflict", "Differs.", f"/{RINGS}/0/inner_angle", "", "cross_field")
    assert show(half, conflict)["state"] == "conflict"


def test_edges_that_are_no_two_numbers_are_shown_as_they_are() -> None:
    odd = {"inner_angle": {"missing": "not_recorded"}, "outer_angle": {"range": [190, 210], "unit": "mrad"}}
    assert format_rings([odd]) == "not recorded – (190–210 mrad)"
    assert format_entry(RINGS, [ring(0.5, 10)]) == "0.5–10 mrad"
