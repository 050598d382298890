"""Of a patch the right answers are taken, as if only they had been sent, and the wrong ones told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema import validate_supplied
from repository.schema.checks.partial_merging import merge_right_answers
from repository.schema.documents.merge_patch import apply_merge_patch

FORMER = {"defaults": {"probe_current": {"value": 3, "unit": "nA"}}}


@pytest.mark.parametrize(
    ("patch", "saved", "refused"),
    [
        ({"defaults": 5}, (), ("/defaults",)),
        ({"defaults": None}, ("/defaults",), ()),
        ({"defaults": {"probe_current": None}}, ("/defaults/probe_current",), ()),
        ({"foo": 3, "dataset": {"title": "A"}}, ("/dataset/title",), ("/foo",)),
        ({"measurements": 5, "dataset": {"title": "A"}}, ("/dataset/title",), ("/measurements",)),
        (
            {"measurements": {"a/b.dm4": {"camera": {"nam": 1, "name": "E"}}}},
            ("/measurements/a~1b.dm4/camera/name",),
            ("/measurements/a~1b.dm4/camera/nam",),
        ),
        (
            {"defaults": {"annular_detectors": [{"name": "H"}, {"name": "B", "inner_angle": "5"}]}},
            (),
            ("/defaults/annular_detectors/1/inner_angle",),
        ),
    ],
)
def test_an_answer_is_a_field(patch: Any, saved: tuple[str, ...], refused: tuple[str, ...]) -> None:
    merged = merge_right_answers(FORMER, patch)
    assert (merged.saved, tuple(one.pointer for one in merged.refused)) == (saved, refused)


def test_of_a_wrong_answer_no_part_is_taken() -> None:
    """Its number beside the former unit would be another answer."""
    merged = merge_right_answers(FORMER, {"defaults": {"probe_current": {"value": 5, "unit": "parsec"}}})
    assert merged.document == FORMER


RIGHT = {"probe_current": "50 pA", "scan_step": "0.5 Å", "dwell_time": None, "sample": {"name": "Au"}}
WRONG = {
    "probe_current": "fifty",
    "scan_step": {"value": 1, "unit": "kV"},
    "dwell_time": "1,000 us",
    "sample": {"nam": "Au"},
}


@given(st.dictionaries(st.sampled_from(sorted(RIGHT)), st.booleans()), st.sampled_from(["defaults", "a.dm4"]))
def test_what_is_saved_is_what_was_right(chosen: dict[str, bool], part: str) -> None:
    def build(answers: dict[str, Any]) -> dict[str, Any]:
        return {"defaults": answers} if part == "defaults" else {"measurements": {part: answers}}

    sent = {key: (RIGHT if is_right else WRONG)[key] for key, is_right in chosen.items()}
    right = {key: RIGHT[key] for key, is_right in chosen.items() if is_right}
    merged = merge_right_answers(FORMER, build(sent))
    assert len(merged.refused) == len(chosen) - len(right)
    assert len(merged.saved) == len(right)
    if right or not sent:
        assert merged.document == apply_merge_patch(FORMER, build(right))
    assert [one for one in validate_supplied(merged.document) if one.severity == "error"] == []
