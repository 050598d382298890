"""Spreadsheets out and in, names of files, and what is typed into a cell."""

import csv
import io
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.checks import cell_values
from repository.schema.checks.cell_values import CellRefusedError, format_entry, read_typed
from repository.schema.documents import sheets
from repository.schema.documents.name_answers import NamePatternError, match_names
from repository.schema.documents.sheets import (
    MOST_CELLS,
    SheetError,
    neutralize,
    read_block,
    read_sheet,
    restore,
    write_sheet,
)

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30)
BEGINNINGS = st.sampled_from(["=", "+", "-", "@", "\t", "'", "'=", "=1+1", "-2"])
TEXTS = ANY | st.builds(str.__add__, BEGINNINGS, ANY)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_what_goes_out_comes_back(rows: list[tuple[str, str]]) -> None:
    lines = [[f"file{n}", f"id{n}", *row] for n, row in enumerate(rows)]
    text = write_sheet([("notes", None), ("sample.name", None)], lines)
    sheet = read_sheet(text)
    read = [{cell.column.field: cell.text for cell in row.cells} for row in sheet.rows]
    expected = [
        {
            field: said.strip()
            for field, said in zip(("notes", "sample.name"), row, strict=True)
            if said.strip()
        }
        for row in rows
    ]
    assert read == expected
    assert [row.file for row in sheet.rows] == [f"id{n}" for n in range(len(rows))]


@given(TEXTS)
def test_nothing_that_goes_out_is_computed(text: str) -> None:
    written = neutralize(text)
    is_number = re.fullmatch(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?", written)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r")) or is_number
    assert restore(written) == text


def test_a_sheet_is_rfc_4180() -> None:
    text = write_sheet([("notes", None)], [["a,b.dm4", "id", 'say "hi"\nthere']], with_bom=True)
    assert text == '\ufefffile,id,notes\r\n"a,b.dm4",id,"say ""hi""\nthere"\r\n'
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1][2] == 'say "hi"\nthere'


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal", "said"),
    [
        ("file,dwell_time [us]\na,1.5\n", ",", ".", "1.5"),
        ("file;dwell_time [us]\na;1,5\n", ";", ",", "1.5"),
        ("file\tDwell time\na\t1,5 us\n", "\t", ",", "1.5 us"),
        ("sep=;\nfile;dwell_time\na;1.5 us\n", ";", ".", "1.5 us"),
        ('file,dwell_time\na,"1,5 us"\n', ",", ".", "1,5 us"),
        ("file;dwell_time [us];notes\na;1.5;a,b\n", ";", ".", "1.5"),
    ],
)
def test_decimal_marks_and_delimiters_are_known_from_the_sheet(
    text: str, delimiter: str, decimal: str, said: str
) -> None:
    sheet = read_sheet(text)
    assert (sheet.delimiter, sheet.decimal, sheet.rows[0].cells[0].text) == (delimiter, decimal, said)


def test_a_block_reaches_no_further_than_the_table() -> None:
    sheet = read_block("1\t\n\t2\n", fields=[("dwell_time", "us"), ("notes", None)], files=["a", "b"])
    assert [(row.file, [(cell.column.field, cell.text) for cell in row.cells]) for row in sheet.rows] == [
        ("a", [("dwell_time", "1")]),
        ("b", [("notes", "2")]),
    ]
    with pytest.raises(SheetError, match="3 columns"):
        read_block("1\t2\t3", fields=[("dwell_time", "us"), ("notes", None)], files=["a", "b"])


@pytest.mark.parametrize(
    ("pattern", "path", "texts"),
    [
        ("*_{stage_tilt_x}deg.dm4", "night/series_b_-12.5deg.dm4", {"stage_tilt_x": "-12.5"}),
        ("{sample.name}_*.dm4", "MoS2_a_b.dm4", {"sample.name": "MoS2"}),
        ("**/{sample.name}/*_{notes}.dm4", "x/y/WS2/a_b_7.dm4", {"sample.name": "WS2", "notes": "7"}),
        ("**/{sample.name}/*.dm4", "WS2/a.dm4", {"sample.name": "WS2"}),
        ("a[1]_{notes}.dm4", "a[1]_x.dm4", {"notes": "x"}),
        ("{notes}.dm4", "a.dm3", None),
        ("*_{notes}.dm4", "_.dm4", None),
        ("?_{notes}.dm4", "ab_c.dm4", None),
    ],
)
def test_names_say_what_stands_in_them(pattern: str, path: str, texts: dict[str, str] | None) -> None:
    matches = match_names(pattern, [path])
    assert [dict(match.texts) for match in matches] == ([] if texts is None else [texts])
    for match in matches:
        assert all(path[slice(*span)] == match.texts[word] for word, span in match.spans.items())


@given(
    st.lists(st.sampled_from(["*", "?", "a", "_", "b"]), max_size=6),
    st.lists(st.sampled_from(["*", "?", "a", "_", "b"]), max_size=6),
    st.text("ab_", max_size=9),
)
def test_a_name_fits_where_a_regular_expression_does(before: list[str], after: list[str], name: str) -> None:
    wild = {"*": "[^/]*", "?": "[^/]"}
    expression = (
        "".join(wild.get(one, one) for one in before) + "[^/]+" + "".join(wild.get(one, one) for one in after)
    )
    fits = re.fullmatch(expression, name) is not None
    assert bool(match_names("".join([*before, "{notes}", *after]), [name])) is fits


def test_no_pattern_takes_long() -> None:
    """With backtracking this would not end: what is counted here is that it does."""
    assert match_names("a*" * 100 + "{notes}b", ["a" * 255]) == []


@given(st.lists(st.sampled_from(["*", "?", "**", "**/", "/", "a"]), max_size=6), st.text("a/", max_size=9))
def test_words_and_open_places_end_where_a_regular_expression_ends_them(before: list[str], name: str) -> None:
    wild = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", "".join(before) + "a")
    path = f"/{name}/aa"
    exact = re.fullmatch("".join(wild.get(one, one) for one in pieces) + "([^/]+?)/aa", path)
    matches = match_names("".join(before) + "a{notes}/aa", [path])
    assert [match.spans["notes"] for match in matches] == ([exact.span(1)] if exact is not None else [])


class CountedLines:
    """Stands for csv.reader, and counts how many lines were read."""

    def __init__(self) -> None:
        self.count = 0

    def reader(self, *words: Any, **named: Any) -> Iterator[list[str]]:
        for line in csv.reader(*words, **named):
            self.count += 1
            yield line


def test_a_sheet_that_is_too_large_is_given_up_where_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = CountedLines()
    monkeypatch.setattr(sheets, "csv", SimpleNamespace(reader=lines.reader, Error=csv.Error))
    with pytest.raises(SheetError, match="in parts"):
        read_sheet("file,notes\n" + "a.dm4,b\n" * MOST_CELLS)
    assert lines.count <= MOST_CELLS // 2 + 1


@pytest.mark.parametrize(
    ("head", "field", "unit"),
    [
        ("dwell_time [us]", "dwell_time", "us"),
        ("dwell_time(us)", "dwell_time", "us"),
        ("dwell_time", "dwell_time", None),
        ("dwell_time []", None, None),
        ("dwell_time [[us]", None, None),
        ("dwell_time [u]s]", None, None),
        ("dwell_time us]", None, None),
        # With a regular expression that looks for the end from every space, this would not end.
        ("dwell_time" + " " * 100_000 + "x", None, None),
    ],
)
def test_heads_say_field_and_unit(head: str, field: str | None, unit: str | None) -> None:
    sheet = read_sheet(f"file,{head}\na.dm4,1")
    assert [(one.field, one.unit) for one in sheet.columns] == ([(field, unit)] if field else [])
    assert sheet.unknown == (() if field else (head,))


def test_a_line_that_names_the_delimiter_names_no_quote() -> None:
    with pytest.raises(SheetError, match="No column names the files"):
        read_sheet('sep="\nfile"notes\na"b')


@pytest.mark.parametrize("pattern", ["*.dm4", "{a}{b}", "{a}_{a}", "{a b}", "{}", "{" + "x" * 400 + "}"])
def test_patterns_that_say_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(NamePatternError):
        match_names(pattern, ["a.dm4"])


@pytest.mark.parametrize(
    ("path", "typed", "unit", "text"),
    [
        ("scan_step", "0.05 nm", None, "0.05 nm"),
        ("scan_step", "0.5", "Ao", "0.5 Ao"),
        ("semi_convergence_angle", "20-22 mrad", None, "20–22 mrad"),
        ("probe_current", "about 30 pA", None, "~30 pA"),
        ("scan_shape", "256x128", None, "256 × 128"),
        ("technique", "4D-STEM, EELS", None, None),
        ("monochromated", "yes", None, "yes"),
        ("detector_to_scan_matrix", "0 1; -1 0", None, None),
        ("annular_detectors[].inner_angle", "68 mrad", None, "68 mrad"),
        ("probe_current", "not recorded", None, "not recorded"),
        ("acquired_at", "2024-05-02 10:20", None, "2024-05-02T10:20"),
    ],
)
def test_what_a_cell_shows_can_be_typed_again(
    path: str, typed: str, unit: str | None, text: str | None
) -> None:
    read = read_typed(path, typed, unit=unit)
    assert text is None or read.text == text
    again = read_typed(path, format_entry(path, read.entry))
    assert again.entry == read.entry


@pytest.mark.parametrize(
    ("path", "typed", "code"),
    [
        ("scan_step", "=1+1", "formula"),
        ("scan_step", "0.5", "unit_missing"),
        ("scan_step", "5 mrad", "unit_not_allowed"),
        ("annular_detectors", "HAADF", "no_ring"),
        ("segments", "HAADF", "not_one_value"),
        ("annular_detectors", "HAADF " * 5000, "no_ring"),
        ("annular_detectors", "[{", "wrong_form"),
        ("annular_detectors", "[" * 100_000, "wrong_form"),
        ("annular_detectors", "[" * 50 + "]" * 50, "wrong_form"),
        ("scan_step", '{"value": NaN, "unit": "nm"}', "wrong_form"),
        ("scan_step", '{"value": 1' + "0" * 5000 + ', "unit": "nm"}', "wrong_form"),
        ("scan_step", '{"value": 1, "value": 2, "unit": "nm"}', "wrong_form"),
        ("notes", '["half a character: \\ud800"]', "wrong_form"),
        ("notes", '["\\u0000"]', "wrong_form"),
        ("frames_summed", "+-5", "wrong_type"),
        ("frames_summed", "5" * 5000, "wrong_type"),
        ("no.such.field", "1", "field_unknown"),
        ("technique", "5D", "not_a_choice"),
        ("notes", "", "empty_answer"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(path: str, typed: str, code: str) -> None:
    with pytest.raises(CellRefusedError) as refusal:
        read_typed(path, typed)
    assert refusal.value.code == code
    assert 0 < len(refusal.value.message) < 500
    assert refusal.value.hint


def test_long_texts_are_not_remembered() -> None:
    before = cell_values._remember_typed_text.cache_info().currsize
    assert read_typed("notes", "a long story " * 20_000).entry
    assert cell_values._remember_typed_text.cache_info().currsize == before
    with pytest.raises(CellRefusedError) as refusal:
        read_typed("sample.elements", "x" * 100_000)
    assert len(refusal.value.message) < 500
