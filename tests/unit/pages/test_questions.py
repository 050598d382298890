"""What stands in the inputs of the description: what the person said, or nothing and what is known beside it."""

from typing import Any

import pytest

from frontend.presentation.questions import Question, build_question
from repository.schema.questions.fields import load_catalogue

FIELDS = load_catalogue().dataset


def ask(path: str, supplied: Any = None, known: Any = None) -> Question:
    return build_question(FIELDS[path], supplied=supplied, known=known)


@pytest.mark.parametrize(
    ("path", "supplied", "shown"),
    [
        ("title", "MoS2", "MoS2"),
        ("title", {"value": "MoS2", "source": "header"}, "MoS2"),
        ("title", {"missing": "not_recorded"}, ""),
        ("keywords", ["ptychography", "MoS2"], "ptychography\nMoS2"),
        ("embargo_until", "2027-03-01", "2027-03-01"),
    ],
)
def test_what_was_said_stands_in_the_input(path: str, supplied: Any, shown: str) -> None:
    question = ask(path, supplied, known=supplied)
    assert (question.input, question.read_value) == (shown, "")


def test_what_is_known_without_the_person_stands_beside_the_empty_input() -> None:
    question = ask("title", known={"value": "scan_07", "source": "header"})
    assert (question.input, question.read_value) == ("", "scan_07")
    assert ask("title", known={"missing": "withheld"}).read_value == ""


def test_a_list_has_a_row_for_each_object_and_an_empty_one_last() -> None:
    rows = ask("creators", [{"name": "Curie, Marie", "orcid": "0000-0002-1825-0097"}]).rows
    said = [{part.key: part.input for part in row if part.input} for row in rows]
    assert said == [{"name": "Curie, Marie", "orcid": "0000-0002-1825-0097"}, {}]
    assert {part.key: part.check for part in rows[0] if part.check} == {
        "orcid": "orcid",
        "affiliation_ror": "ror",
    }
    assert ask("funding", known=[{"funder": "DFG"}]).rows[0][0].input == "DFG"


def test_only_the_licence_is_chosen_from_a_list() -> None:
    assert "CC-BY-4.0" in {term.value for term in ask("license").terms}
    assert ask("title").terms == ()
