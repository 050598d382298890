"""Every field has an answer that can be shown, and it passes the checks; parts of lists do so as a whole row."""

import pytest

from repository.schema.checks.supplied import validate_supplied
from repository.schema.documents.levels import place_entry
from repository.schema.questions.fields import CatalogueError, complete_fields, load_catalogue

FIELDS = load_catalogue().measurement
UNASKED = {"objects", "group", "lookup"}
CHOSEN = {"choice", "choices", "boolean"}
LISTS = sorted({path.partition("[]")[0] for path in FIELDS if "[]" in path})


def give(path: str) -> object:
    """Return an answer to a field, as the documentation shows it."""
    field = FIELDS[path]
    if field.examples:
        return field.examples[0]
    word = load_catalogue().words(field.vocabulary)[0] if field.vocabulary else True
    return [word] if field.kind == "choices" else word


@pytest.mark.parametrize("path", [path for path, one in FIELDS.items() if one.kind not in UNASKED | CHOSEN])
def test_every_field_has_an_example(path: str) -> None:
    assert FIELDS[path].examples, f"an example of {path} in catalogue/examples.yaml"


@pytest.mark.parametrize("path", [path for path in FIELDS if path != "looked_for"])
def test_every_field_says_why_a_reader_needs_it(path: str) -> None:
    rows = [
        row for row in load_catalogue().rows if row.path == path or any(path in one for one in row.answers)
    ]
    assert FIELDS[path].why or rows, f"why a reader needs {path} in catalogue/reasons.yaml"


@pytest.mark.parametrize("head", LISTS)
def test_a_row_of_examples_passes(head: str) -> None:
    row: dict[str, object] = {}
    for path in FIELDS:
        if path.startswith(f"{head}[]."):
            row = place_entry(row, path.partition("[].")[2], give(path))
    document = {"defaults": place_entry({}, head, [row])}
    assert [found for found in validate_supplied(document) if found.severity == "error"] == []


@pytest.mark.parametrize("path", ["technique", "no_such_field"])
def test_a_second_example_and_one_of_no_field_are_refused(path: str) -> None:
    with pytest.raises(CatalogueError, match=path):
        complete_fields(FIELDS, {path: "anything"}, {})


def test_a_reason_of_no_field_is_refused() -> None:
    with pytest.raises(CatalogueError, match="no_such_field"):
        complete_fields(FIELDS, {}, {"no_such_field": "Nobody asks."})
