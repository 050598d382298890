"""JSON Merge Patch as RFC 7396 defines it, and what two states of a document differ in."""

import copy
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
