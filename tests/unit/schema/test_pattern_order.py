"""The later pattern stands over the earlier, whichever order the database gives the keys of an object back in."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from repository.schema import merge_metadata, select_supplied
from repository.schema.documents.pattern_order import follow_order, note_order, restore_order

PATTERNS = st.lists(st.text("ab*/é", min_size=1, max_size=5), unique=True, max_size=6)


def store(document: Any) -> Any:
    """Return what PostgreSQL gives back of a `jsonb`: keys by their length in bytes, then by their bytes."""
    if not isinstance(document, dict):
        return document
    keys = sorted(document, key=lambda key: (len(key.encode()), key.encode()))
    return {key: store(document[key]) for key in keys}


@given(PATTERNS)
def test_the_order_survives_the_storage(patterns: list[str]) -> None:
    document = {
        "defaults": {"notes": "x"},
        "measurements": {pattern: {"notes": pattern} for pattern in patterns},
    }
    back = restore_order(store(json.loads(json.dumps(note_order(document)))))
    assert back == document
    assert list(back["measurements"]) == patterns


def test_the_later_pattern_stands_over_the_earlier_after_storage() -> None:
    document = {"measurements": {"night/**": {"notes": "long first"}, "*/*": {"notes": "short last"}}}
    back = restore_order(store(note_order(document)))
    merged = merge_metadata(header={}, supplied_layers=select_supplied(back, "night/a.raw"))
    assert merged.document["notes"] == "short last"


def test_a_document_in_the_order_of_the_database_is_stored_as_it_is() -> None:
    document = {"measurements": {"*": {"notes": "a"}, "b*": {"notes": "b"}}}
    assert note_order(document) == document == restore_order(document)


def test_an_order_of_former_patterns_leaves_out_none_of_todays() -> None:
    stored = note_order({"measurements": {"bb": {}, "a": {}}})
    stored["measurements"] = {"c": {}, "bb": {}}
    assert list(restore_order(stored)["measurements"]) == ["bb", "c"]


def test_a_patch_that_names_all_patterns_says_their_order() -> None:
    merged = {"measurements": {"a": {"notes": "1"}, "bb": {"notes": "2"}}}
    assert list(follow_order(merged, {"measurements": {"bb": {}, "a": {}}})["measurements"]) == ["bb", "a"]
    assert list(follow_order(merged, {"measurements": {"bb": {}}})["measurements"]) == ["a", "bb"]
    assert follow_order(merged, {"measurements": None}) == merged == follow_order(merged, {})
