"""Anything at any place of a record: our validator breaks at nothing, and judges as a plain one does."""

import copy
import json
from random import Random
from typing import Any

import pytest

from repository.schema import normalize_document
from tests.unit.schema.test_agreement import BASES, get_plain_validator, is_beyond, list_errors

ODD: tuple[Any, ...] = (
    None, 0, -0.0, 1.5, 1e308, 1e-320, True, "", " ", "\0", "nm", "1e3", "20 mrad", "not_recorded", "x" * 5000,
    [], {}, [None], [[]], [[1, "a"], [0, 1]], {"value": 1}, {"value": None, "unit": "nm"}, {"value": {"a": 1}},
    {"missing": "lost"}, {"missing": "lost", "value": 1}, {"value": True, "unit": "kV"}, {"range": [1], "unit": "nm"},
    {"values": [], "unit": "s"}, 2**70, "Xx", "2023-02-29", "9999-12-31T23:59:60Z",
)  # fmt: skip
Place = tuple[str | int, ...]


def list_places(node: Any, above: Place = ()) -> list[Place]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [
        *([above] if above else []),
        *(at for key, one in below for at in list_places(one, (*above, key))),
    ]


def change(document: Any, rng: Random) -> Place:
    """Put something odd, or another part of the record, at a place; or take a part away, or name it otherwise."""
    places = list_places(document)
    place = rng.choice(places)
    node = document
    for key in place[:-1]:
        node = node[key]
    key, how = place[-1], rng.choice(("odd", "odd", "other", "gone", "renamed", "more"))
    if how == "other":
        found = document
        for part in rng.choice(places):
            found = found[part]
        node[key] = copy.deepcopy(found)
    elif how == "gone":
        del node[key]
    elif how == "renamed" and isinstance(node, dict):
        node[rng.choice((f"{key}_x", "__proto__", "x y"))] = node.pop(key)
    elif how == "more" and isinstance(node[key], dict):
        node[key][rng.choice(("value", "unit", "missing", "source", "basis"))] = copy.deepcopy(
            rng.choice(ODD)
        )
    else:
        node[key] = copy.deepcopy(rng.choice(ODD))
    return place


@pytest.mark.parametrize("seed", range(4))
def test_both_judge_anything_at_any_place_alike(seed: int) -> None:
    rng, plain = Random(seed), get_plain_validator("record.json")
    refused = 0
    for _ in range(120):
        base = rng.choice([*BASES])
        document = json.loads(json.dumps(normalize_document(BASES[base])))
        place = change(document, rng)
        document = json.loads(json.dumps(normalize_document(document)))
        ours, theirs = list_errors(document), plain(document)
        told = f"{base} at {place}: {[one.message for one in ours]} / {theirs}"
        assert ours or not theirs, told
        assert theirs or all(is_beyond(one, document) for one in ours), told
        refused += bool(theirs)
    assert 20 < refused < 110


@pytest.mark.parametrize(
    "matrix", [[[1, "a"], [0, 1]], [[1, {"value": 1}], [0, 1]], [[1, 0], [0, 1], "x"], [1, 2]]
)
def test_matrix_that_is_none_is_refused(matrix: Any) -> None:
    document = {**normalize_document(BASES["4D"]), "detector_to_scan_matrix": matrix}
    assert any(one.pointer.startswith("/detector_to_scan_matrix") for one in list_errors(document))


def test_source_that_is_no_word_is_refused() -> None:
    size = {"value": 1.4, "unit": "mrad", "basis": "nominal", "source": {"value": 1}}
    document = {**normalize_document(BASES["4D"]), "diffraction_pixel_size": size}
    assert any(one.pointer.startswith("/diffraction_pixel_size") for one in list_errors(document))
