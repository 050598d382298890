"""A hint never offers what would be refused: whoever follows one has no finding of that kind at that place any more."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from repository.schema import validate_measurement
from repository.schema.checks.ranges import check_quantities
from repository.schema.checks.structure import check_structure
from repository.schema.checks.validation import check_supplied_layer
from repository.schema.findings import Finding
from repository.schema.quantities.elements import ELEMENT_SYMBOLS
from repository.schema.quantities.units import UNITS
from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import Field, load_catalogue
from tests.unit.schema.documents import FOUR_D, change
from tests.unit.schema.mutations import QUANTITIES, build_full, place

FIELDS = load_catalogue().measurement
MEANT = re.compile('Did you mean "([^"]*)"')


def spell_otherwise(word: str) -> set[str]:
    return {
        word.upper(),
        word.lower(),
        word.swapcase(),
        word.title(),
        f"{word}s",
        word[:-1],
        word.replace("_", " "),
    } - {""}


def follow(finding: Finding, refused: str) -> str | None:
    """Return what the hint offers in place of the refused word, which it never is."""
    offered = MEANT.search(finding.hint)
    assert f'"{refused}"' not in finding.hint, finding
    return offered[1] if offered else None


@pytest.mark.parametrize(
    "field", [field for field in FIELDS.values() if field.kind in QUANTITIES], ids=lambda field: field.path
)
def test_units_that_are_offered_are_accepted(field: Field) -> None:
    def find(unit: str) -> list[Finding]:
        document: dict[str, Any] = {}
        place(document, field.path.split("."), {"value": 1, "unit": unit})
        return [finding for finding in check_quantities(document) if finding.code.startswith("unit_")]

    for unit in sorted({spelled for code in UNITS for spelled in {code, *spell_otherwise(code)}}):
        for finding in find(unit):
            offered = follow(finding, unit)
            assert offered is None or find(offered) == [], finding
            listed = finding.hint.rpartition("Accepted units: ")[2].rstrip(".").split(", ")
            assert unit not in listed, finding


@pytest.mark.parametrize(
    "field", [field for field in FIELDS.values() if field.vocabulary], ids=lambda field: field.path
)
def test_words_that_are_offered_are_accepted(field: Field) -> None:
    def find(word: str) -> list[Finding]:
        document: dict[str, Any] = {}
        place(document, field.path.split("."), [word] if field.kind == "choices" else word)
        return [finding for finding in check_structure(document) if finding.code == "not_a_choice"]

    terms = load_catalogue().vocabularies[str(field.vocabulary)]
    known = [
        *(term.value for term in terms),
        *(alias for term in terms for alias in term.aliases),
        "not_recorded",
    ]
    for word in sorted({spelled for value in known for spelled in {value, *spell_otherwise(value)}}):
        for finding in find(word):
            offered = follow(finding, word)
            assert offered is None or find(offered) == [], finding
            assert word not in finding.hint.rpartition("Possible: ")[2].rstrip(".").split(", "), finding


@pytest.mark.parametrize("key", ["source", "basis", "missing"])
def test_words_beside_a_value_come_from_their_own_list(key: str) -> None:
    words = load_catalogue().words(key)
    for word in sorted(
        {spelled for value in [*words, "stem", "haadf", "4d"] for spelled in spell_otherwise(value)}
    ):
        entry = {key: word} if key == "missing" else {"value": ["annular"], key: word}
        for finding in check_structure({"technique": entry}):
            assert finding.code == "not_a_choice"
            assert (follow(finding, word) or words[0]) in words, finding


def test_symbols_that_are_offered_are_elements() -> None:
    for symbol in sorted({spelled for known in ELEMENT_SYMBOLS for spelled in spell_otherwise(known)}):
        for finding in check_quantities({"sample": {"elements": [symbol]}}):
            assert (follow(finding, symbol) or "H") in ELEMENT_SYMBOLS


def list_groups(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    yield path, node
    for child in node.children.values():
        if child.children:
            listed = "[]" if child.field is not None and child.field.kind == "objects" else ""
            yield from list_groups(child, f"{path}{child.key}{listed}.")


@pytest.mark.parametrize(
    ("path", "group"), [*list_groups(build_tree("measurement"))], ids=lambda part: str(part)[:40]
)
def test_keys_that_are_offered_are_fields_elsewhere(path: str, group: Node) -> None:
    keys = {field.key for field in FIELDS.values()} | {
        alias for field in FIELDS.values() for alias in field.aliases
    }
    paths = {field.path.replace("[]", "") for field in FIELDS.values()}
    for key in sorted(keys - set(group.children)):
        document: dict[str, Any] = {}
        place(document, [*path.split(".")[:-1], key], "1 nm")
        (finding,) = [found for found in check_structure(document) if found.code == "unknown_key"]
        offered = MEANT.search(finding.hint)
        assert offered is None or offered[1] in paths, finding
        if offered and offered[1] == key:
            assert "at the top of the document" in finding.hint, finding


@pytest.mark.parametrize("path", [row.path for row in load_catalogue().rows if not row.escape])
@pytest.mark.parametrize("wrong", [None, float("nan"), {"missing": "not_recorded"}, []])
def test_a_gap_is_offered_only_where_it_is_an_answer(path: str, wrong: Any) -> None:
    document = copy.deepcopy(change(FOUR_D, axes=[{"name": "scan_y"}]))
    place(document, path.split("."), wrong)
    for finding in validate_measurement(document):
        if finding.pointer.replace("/", ".").strip(".").startswith(path):
            assert "not_recorded" not in finding.hint, finding


def test_a_gap_that_is_offered_is_an_answer() -> None:
    document = change(FOUR_D, probe_current={"value": float("inf"), "unit": "pA"})
    (finding,) = [found for found in validate_measurement(document) if found.severity == "error"]
    assert json.dumps({"missing": "not_recorded"}) in finding.hint
    assert [one for one in validate_measurement(change(FOUR_D, probe_current={"missing": "not_recorded"}))
            if one.severity == "error"] == []  # fmt: skip


def test_a_number_next_to_a_limit_does_not_look_like_the_limit() -> None:
    document = {"semi_convergence_angle": {"value": 100.00000001, "unit": "mrad"}}
    (finding,) = check_quantities(document)
    assert "100.00000001 mrad" in finding.message
    assert check_supplied_layer(build_full()) == []
