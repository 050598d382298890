"""What stands in the inputs of a question: amount and unit apart where they were understood, else what was typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from frontend.presentation.questions import Question, build_question
from repository.schema.documents.normalization import normalize_document
from repository.schema.places import get_entry
from repository.schema.questions.fields import load_catalogue

FIELDS = load_catalogue().measurement
VECTORS = json.loads((Path(__file__).parents[2] / "quantity_vectors.json").read_text(encoding="utf-8"))


def ask(path: str, supplied: Any) -> Question:
    keys = path.split(".")
    document: Any = supplied
    for key in reversed(keys):
        document = {key: document}
    return build_question(FIELDS[path], targets=(tuple(keys),), document=document, known=None)


@pytest.mark.parametrize(
    ("supplied", "shown"),
    [
        ("21.4±0.3 mrad", ("21.4 ± 0.3", "mrad", "")),
        ("~1 deg", ("~1", "deg", "")),
        (
            {"value": "20-22", "unit": "mrad", "source": "depositor", "basis": "calibrated"},
            ("20–22", "mrad", "calibrated"),
        ),
        ({"value": 21.4, "uncertainty": 0.3, "unit": "mrad"}, ("21.4 ± 0.3", "mrad", "")),
        ({"range": [20, 22], "unit": "mrad", "basis": "estimated"}, ("20–22", "mrad", "estimated")),
        ({"value": 30, "unit": "deg", "basis": "estimated"}, ("30", "deg", "estimated")),
        ("fifty", ("fifty", "mrad", "")),
        ("20 furlong", ("20 furlong", "mrad", "")),
        ({"value": "20 mrad", "unit": "deg"}, ("20 mrad", "deg", "")),
        ({"value": "5 deg", "basis": "calibrated"}, ("5", "deg", "calibrated")),
    ],
)
def test_amount_and_unit_stand_apart(supplied: Any, shown: tuple[str, str, str]) -> None:
    question = ask("semi_convergence_angle", supplied)
    assert (question.input, question.unit, question.basis) == shown


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["text"])
def test_what_the_page_shows_of_an_answer_means_the_same_again(vector: dict[str, Any]) -> None:
    """A field that is opened and saved again, with the unit that is chosen in it, changes nothing."""
    typed = (
        vector["text"] if vector["names_unit"] else {"value": vector["text"], "unit": vector["means"]["unit"]}
    )
    question = ask(vector["field"], typed)
    again: dict[str, Any] = {"value": question.input, "unit": question.unit}
    for key in reversed(vector["field"].split(".")):
        again = {key: again}
    entry = get_entry(normalize_document(again), vector["field"])
    assert {key: entry[key] for key in vector["means"]} == vector["means"]
