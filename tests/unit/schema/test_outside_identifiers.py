"""ORCID, ROR, funder ids and DOIs: the same vectors are run against the pages (`identifiers.test.ts`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from repository.schema import validate_dataset, validate_supplied
from repository.schema.outside_identifiers import (
    IdentifierFault,
    find_funder_fault,
    find_identifier_fault,
    find_reference_fault,
    read_schemes,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "identifier_vectors.json").read_text(encoding="utf-8")
)


def judge(scheme: str, text: str) -> IdentifierFault | None:
    return find_funder_fault(text) if scheme == "funder" else find_identifier_fault(scheme, text)  # type: ignore[arg-type]  # the vectors name schemes


@pytest.mark.parametrize(
    ("scheme", "text"),
    [(scheme, text) for scheme in VECTORS if scheme != "reference" for text in VECTORS[scheme]["right"]],
)
def test_what_is_right_passes(scheme: str, text: str) -> None:
    assert judge(scheme, text) is None


@pytest.mark.parametrize(
    ("scheme", "text", "rule"),
    [(scheme, *pair) for scheme in VECTORS if scheme != "reference" for pair in VECTORS[scheme]["wrong"]],
)
def test_what_is_wrong_is_told_with_its_rule(scheme: str, text: str, rule: str) -> None:
    fault = judge(scheme, text)
    assert fault is not None
    assert fault.rule == rule
    assert text.strip() in fault.says
    assert fault.hint


@pytest.mark.parametrize(("text", "kind"), VECTORS["reference"]["right"])
def test_references_that_are_no_dois_pass(text: str, kind: str) -> None:
    assert find_reference_fault(text, kind) is None


@pytest.mark.parametrize(("text", "kind", "rule"), VECTORS["reference"]["wrong"])
def test_references_that_are_to_be_dois(text: str, kind: str, rule: str) -> None:
    fault = find_reference_fault(text, kind)
    assert fault is not None
    assert fault.rule == rule


def test_every_changed_digit_of_an_orcid_and_a_ror_is_noticed() -> None:
    for scheme, text in (("orcid", "0000-0002-1825-0097"), ("ror", "03yrm5c26")):
        for place, symbol in enumerate(text):
            for other in "0123456789":
                if symbol.isdigit() and other != symbol:
                    assert judge(scheme, text[:place] + other + text[place + 1 :]) is not None


def test_the_examples_in_the_words_are_right() -> None:
    for scheme, entry in read_schemes().items():
        assert judge(scheme, entry["example"]) is None


def test_the_pages_hold_the_same_data() -> None:
    copy = Path(__file__).parents[3] / "frontend" / "islands" / "generated" / "outside-identifiers.json"
    assert json.loads(copy.read_text(encoding="utf-8")) == read_schemes()


BAD = {
    "creators": [{"name": "Doe, Jane", "orcid": "0000-0002-1825-0079", "affiliation_ror": "03ymr5c26"}],
    "related_identifiers": [{"identifier": "10.103/abc", "relation": "IsSupplementTo"}],
    "funding": [{"funder": "A", "funder_id": "501100001659"}],
}


def test_a_document_is_told_each_at_its_place() -> None:
    codes = {
        "/creators/0/orcid": "orcid_invalid",
        "/creators/0/affiliation_ror": "ror_invalid",
        "/related_identifiers/0/identifier": "doi_invalid",
        "/funding/0/funder_id": "funder_id_invalid",
    }
    judged = validate_dataset({"title": "A", "license": "CC-BY-4.0", **BAD})
    assert {one.pointer: one.code for one in judged if one.severity == "error"} == codes
    supplied = validate_supplied({"dataset": BAD})
    assert {one.pointer: one.code for one in supplied} == {
        f"/dataset{at}": code for at, code in codes.items()
    }


def test_the_kind_that_stands_beside_an_identifier_decides() -> None:
    def judge_row(**row: str) -> list[str]:
        return [one.code for one in validate_supplied({"dataset": {"related_identifiers": [row]}})]

    assert judge_row(identifier="s41586-018-0298-5", identifier_type="DOI") == ["doi_invalid"]
    assert judge_row(identifier="10.103/abc", identifier_type="Handle") == []
    assert judge_row(identifier="https://example.org/code") == []
