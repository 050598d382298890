import math

import pytest

from repository.schema.documents.metadata_text import MetadataTextError, read_metadata_text


def test_yaml_and_json_say_the_same() -> None:
    assert read_metadata_text('{"a": [1, 2.5, true, null]}') == read_metadata_text("a: [1, 2.5, true, null]")


def test_yaml_surprises_are_off() -> None:
    text = "elements: [No, Y, on]\ndate: 2024-05-02\ntime: 12:30\nsmall: 1e-3\noctal: 010\nyes: x"
    assert read_metadata_text(text) == {
        "elements": ["No", "Y", "on"],
        "date": "2024-05-02",
        "time": "12:30",
        "small": 0.001,
        "octal": "010",
        "yes": "x",
    }


def test_nan_is_read_for_validation_to_refuse() -> None:
    assert math.isnan(read_metadata_text("a: .nan")["a"])
    assert math.isnan(read_metadata_text('{"a": NaN}')["a"])


def test_nothing_is_an_empty_document() -> None:
    assert read_metadata_text("") == read_metadata_text("# only a comment\n") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "Line 2, column 1"),
        ("a: &x 1\nb: *x", "aliases"),
        ("a: [1", "Line"),
        ('{"a": }', "Line 1, column 7"),
        ("- 1\n- 2", "mapping"),
        ("just words", "mapping"),
        ("a: !!python/object/apply:os.system [x]", "Line 1"),
        ("a: \x00", "not readable"),
        ("{" * 100_000, "JSON"),
        ("[" * 100_000, "not readable"),
        ("x" * (4 * 1024 * 1024 + 1), "at most"),
    ],
)
def test_refusals_say_where(text: str, says: str) -> None:
    with pytest.raises(MetadataTextError) as refusal:
        read_metadata_text(text)
    assert says in refusal.value.finding.message
    assert refusal.value.finding.code == "metadata_unreadable"
