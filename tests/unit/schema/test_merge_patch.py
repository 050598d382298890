"""JSON Merge Patch as RFC 7396 defines it, and what two states of a document differ in."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents.merge_patch import ABSENT, apply_merge_patch, flatten, list_changes

# The test cases of RFC 7396, appendix A: original, patch, result.
CASES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
DOCUMENTS = st.dictionaries(
    st.text("ab/~", min_size=1, max_size=2),
    st.recursive(
        LEAVES, lambda inner: st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3), max_leaves=6
    ),
    max_size=4,
)


@pytest.mark.parametrize(("original", "patch", "result"), CASES)
def test_the_cases_of_the_standard(original: Any, patch: Any, result: Any) -> None:
    kept, asked = copy.deepcopy(original), copy.deepcopy(patch)
    assert apply_merge_patch(original, patch) == result
    assert (original, patch) == (kept, asked), "neither is changed"


@given(DOCUMENTS, DOCUMENTS)
def test_what_is_not_named_stays_and_merging_twice_changes_nothing(
    document: dict[str, Any], patch: dict[str, Any]
) -> None:
    merged = apply_merge_patch(document, patch)
    assert apply_merge_patch(merged, patch) == merged
    assert all(merged[key] == value for key, value in document.items() if key not in patch)
    assert all(key not in merged for key, value in patch.items() if value is None)


@given(DOCUMENTS, DOCUMENTS)
def test_changes_of_different_fields_come_to_the_same_in_either_order(
    document: dict[str, Any], patch: dict[str, Any]
) -> None:
    one = {f"x{key}": value for key, value in patch.items()}
    other = {f"y{key}": value for key, value in patch.items()}
    first = apply_merge_patch(apply_merge_patch(document, one), other)
    assert first == apply_merge_patch(apply_merge_patch(document, other), one)


@given(DOCUMENTS, DOCUMENTS)
def test_changes_lead_from_one_state_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    state = flatten(old)
    for change in list_changes(old, new):
        assert state.get(change.pointer, ABSENT) is change.old or state[change.pointer] == change.old
        state.pop(change.pointer, None)
        if change.new is not ABSENT:
            state[change.pointer] = change.new
    assert state == flatten(new)
    assert list_changes(new, new) == []


def test_true_is_not_one_and_null_is_not_absent() -> None:
    assert [change.as_dict() for change in list_changes({"a": 1, "b": [1]}, {"a": True, "b": [True]})] == [
        {"pointer": "/a", "old": 1, "new": True},
        {"pointer": "/b", "old": [1], "new": [True]},
    ]
    assert [change.as_dict() for change in list_changes({}, {"a": None})] == [
        {"pointer": "", "old": {}},
        {"pointer": "/a", "new": None},
    ]


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=6,
)


@given(NESTED, NESTED)
def test_two_values_of_one_place_differ_as_their_json_does(one: Any, other: Any) -> None:
    """In lists objects are compared whole, at every depth."""
    is_changed = json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)
    assert bool(list_changes({"a": [one]}, {"a": [other]})) is is_changed
    assert list_changes({"a": [one]}, {"a": [copy.deepcopy(one)]}) == []


@pytest.mark.parametrize(
    "other",
    [
        {"x": 2, "y": 1},
        {"x": 1, "y": 2},
        {"x": 1},
        {"x": 1, "y": 1, "z": 1},
        {"x": True, "y": 1},
        {},
        [],
        None,
    ],
)
def test_an_object_in_a_list_is_another_when_anything_in_it_is(other: Any) -> None:
    (change,) = list_changes({"a": [{"x": 1, "y": 1}]}, {"a": [other]})
    assert (change.pointer, change.new) == ("/a", [other])
