"""Quantities as people type them mean the same on the page, in YAML, in a table, and through the API."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from repository.schema import validate_supplied
from repository.schema.checks.carried_calibrations import CALIBRATED_FIELDS
from repository.schema.checks.cell_values import format_entry, format_example, read_typed
from repository.schema.checks.taken_calibrations import read_value
from repository.schema.documents.normalization import normalize_document
from repository.schema.places import get_entry
from repository.schema.quantities.quantity import (
    QuantityTextError,
    parse_quantity_text,
    write_amount,
)
from repository.schema.quantities.typed_numbers import NumberTextError, parse_number, write_number
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.quantities.units import UNITS, find_unit_code
from repository.schema.questions.fields import load_catalogue
from stemma.depositing.document import load_document

VECTORS = json.loads((Path(__file__).parents[2] / "quantity_vectors.json").read_text(encoding="utf-8"))
FIELDS = load_catalogue().measurement
PYTHON = re.compile(r"could not convert|invalid literal|ValueError|NoneType|Traceback|object has no")
WAYS = ("page", "yaml", "table", "api")
ACCEPTED = [pytest.param(vector, id=f"{vector['field']}: {vector['text']}") for vector in VECTORS["accepted"]]
REFUSED = [pytest.param(vector, id=vector["text"]) for vector in VECTORS["refused"]]


def nest(path: str, entry: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        entry = {key: entry}
    return dict(entry)


def send(way: str, vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the layer of a document as it arrives; where the text has no unit, the one beside it is certain."""
    field, text = vector["field"], vector["text"]
    typed: Any = text
    if not vector.get("names_unit", True):
        typed = {"value": text, "unit": FIELDS[field].unit}
    if way == "yaml":
        plain = text if typed == text else f"{{value: '{text}', unit: {typed['unit']}}}"
        lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(["defaults", *field.split(".")])]
        (folder / "m.yaml").write_text("\n".join(lines) + f" {plain}\n", "utf-8")
        return dict(load_document(folder / "m.yaml")["defaults"])
    if way == "table":
        sheet = io.StringIO()
        csv.writer(sheet, delimiter=";").writerows([["file", field], ["a.dm4", text]])
        (row,) = csv.DictReader(io.StringIO(sheet.getvalue()), delimiter=";")
        cell = row[field]
        return nest(field, cell if cell == typed else {**typed, "value": cell})
    return dict(json.loads(json.dumps(nest(field, typed))))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("vector", ACCEPTED)
def test_what_is_typed_means_the_same_everywhere(vector: dict[str, Any], way: str, tmp_path: Path) -> None:
    layer = send(way, vector, tmp_path)
    assert [found for found in validate_supplied({"defaults": layer}) if found.severity == "error"] == []
    expected = {"source": "depositor", "basis": "nominal", **vector["means"]}
    assert get_entry(normalize_document(layer), vector["field"]) == expected


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("vector", REFUSED)
def test_what_is_no_quantity_is_refused_with_what_where_why_and_what_to_do(
    vector: dict[str, Any], way: str, tmp_path: Path
) -> None:
    found = validate_supplied({"defaults": send(way, vector, tmp_path)})
    errors = [one for one in found if one.severity == "error"]
    assert len(errors) == 1, errors
    assert vector["says"] in errors[0].message
    assert errors[0].pointer.startswith(f"/defaults/{vector['field']}")
    assert errors[0].hint
    assert not PYTHON.search(errors[0].message + errors[0].hint)


def test_two_units_for_one_number_are_refused() -> None:
    (found,) = validate_supplied({"defaults": {"scan_step": {"value": "0.05 nm", "unit": "pm"}}})
    assert (found.code, found.pointer) == ("quantity_unreadable", "/defaults/scan_step/value")
    assert "once" in found.hint
    assert validate_supplied({"defaults": {"scan_step": {"value": "0.5 Å", "unit": "Ao"}}}) == []


def test_a_unit_is_certain_where_a_field_has_only_one_and_never_guessed() -> None:
    assert (
        get_entry(normalize_document({"eds": {"energy_resolution": "130"}}), "eds.energy_resolution")["unit"]
        == "eV"
    )
    (found,) = validate_supplied({"defaults": {"semi_convergence_angle": "20-22"}})
    assert found.code == "unit_missing"
    assert '"20–22 mrad"' in found.hint


def list_shown() -> list[tuple[str, str]]:
    """Return every example that a page, a template or a refusal shows, as text."""
    shown = []
    for path, field in FIELDS.items():
        if "[]" in path or field.kind in {"objects", "aberrations", "group", "lookup", "extensions"}:
            continue
        shown += [(path, one) for one in field.examples if isinstance(one, str)]
        if format_example(field):
            shown.append((path, format_example(field)))
    return shown


@pytest.mark.parametrize(("path", "text"), [*list_shown(), ("detector_to_scan_matrix", "1 0; 0 1")])
def test_every_placeholder_and_example_is_accepted(path: str, text: str) -> None:
    assert [
        found for found in validate_supplied({"defaults": nest(path, text)}) if found.severity == "error"
    ] == []


def stands_alone(path: str) -> bool:
    """Say whether a field can be answered without others of its row."""
    head, is_part, _ = path.partition("[].")
    rest = [field for name, field in FIELDS.items() if name.startswith(f"{head}[].") and name != path]
    return not (is_part and any(field.required for field in rest))


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, field in FIELDS.items()
        if field.examples and path != "extensions" and stands_alone(path)
    ],
)
def test_what_an_empty_cell_shows_can_be_typed_there(path: str) -> None:
    """And what the cell shows then means the same again."""
    typed = read_typed(path, format_example(FIELDS[path]))
    assert read_typed(path, typed.text).entry == typed.entry


_UNIT = "|".join(
    re.escape(one) for one in sorted({*UNITS, *map(get_symbol, UNITS)} - {"1", ""}, key=len, reverse=True)
)
_IN_A_SENTENCE = re.compile(rf"[~≈-]?\d[\d.,e]*(?:(?: to |–| ± )\d[\d.,]*)? (?:{_UNIT})(?![\w²⁻/])")


def test_every_quantity_in_a_help_text_is_read() -> None:
    told = [text for field in FIELDS.values() for text in (field.description, field.range_reason)]
    with pytest.raises(QuantityTextError) as refused:
        parse_quantity_text("x")
    told.append(refused.value.hint)
    quantities = [found[0] for text in told for found in _IN_A_SENTENCE.finditer(text)]
    assert len(quantities) > 30
    for text in quantities:
        assert parse_quantity_text(text)["unit"] in UNITS, text


FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
SPELLINGS = sorted(
    {
        *UNITS, *map(get_symbol, UNITS), "e/Å²", "e-/A^2", "e⁻ Å⁻²", "electrons/nm2", "1/nm", "nm^-1", "nm**-1", "/nm",
        "kilovolts", "µs", "\u03bcs", "us", "microseconds", "\u212b", "A\u030a", "°", "degrees", "º", "1/(Å² s)",
        "e/Å²/s",
    }
    - {"", "1"}
)  # fmt: skip


@given(value=FINITE, unit=st.sampled_from(SPELLINGS))
@example(value=-0.0, unit="nm")
def test_every_number_in_every_spelling_of_every_unit_is_read_back(value: float, unit: str) -> None:
    number = write_number(value)
    for text in (f"{number} {unit}", f"{number}\u202f{unit}", f"{value!r} {unit}".replace("-", "−", 1)):
        assert parse_quantity_text(text) == {"value": value, "unit": find_unit_code(unit)}


@given(
    low=FINITE, high=FINITE, spread=FINITE.map(abs), unit=st.sampled_from(sorted(set(UNITS) - {"1"})),
    kind=st.sampled_from(["value", "about", "range", "spread", "pair"]),
)  # fmt: skip
def test_printing_and_parsing_are_inverse(
    low: float, high: float, spread: float, unit: str, kind: str
) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "value": {"value": low},
        "about": {"value": low, "basis": "estimated"},
        "range": {"range": [low, high], "basis": "estimated"},
        "spread": {"value": low, "uncertainty": spread},
        "pair": {"value": [low, high]},
    }
    quantity = {**shapes[kind], "unit": unit}
    amount, symbol = write_amount(quantity), get_symbol(unit)
    printed = f"({amount}) {symbol}" if symbol and "±" in amount else f"{amount} {symbol}".strip()
    assert parse_quantity_text(printed) == quantity
    assert parse_quantity_text(write_amount(quantity), unit=unit) == quantity


ALPHABET = "0123456789.,'’ eE+-−–—±~≈()[]<>;×x·^/°µμÅAnmkVpradC%\u00a0\u2009\u202f⁻²⁴…\x00٣aboutcniyf\n"


@given(st.text() | st.text(ALPHABET, max_size=24), st.sampled_from([None, "mrad", "nm", "furlong"]))
@example("9" * 5000, None)
@example("1e" + "9" * 150, None)
def test_the_parser_raises_nothing_but_its_own_error(text: str, unit: str | None) -> None:
    said = ""
    parts: tuple[str, ...] = ()
    try:
        parsed = parse_quantity_text(text, unit=unit)
    except QuantityTextError as error:
        said = str(error)
        parsed = {"value": f"{error.reason} {error.hint}"}
        parts = (error.reason, error.hint)
    assert {"value", "range"} & set(parsed)
    if said:
        assert parsed["value"] == said
        # By its parts: what was typed is quoted in them, with full stops of its own.
        assert all(1 < len(part) < 200 for part in parts)
        assert not PYTHON.search(said)
        assert "\x00" not in said
    normalize_document(
        {"probe_current": text, "frames_summed": text, "scan_shape": text, "monochromated": text}
    )


@given(FINITE)
def test_numbers_are_read_back(value: float) -> None:
    assert parse_number(write_number(value)) == value
    assert parse_number(f" {value!r} ".replace("-", "−")) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [("1_000", None), ("0x10", None), ("", None), ("1 2", None), ("1'234'567", 1234567), ("1.234.567", 1234567),
     ("0,125", 0.125), ("1,25", 1.25), ("1,250", None), ("10^-3", 1e-3), ("2,5·10⁻³", 2.5e-3)],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    if number is None:
        with pytest.raises(NumberTextError):
            parse_number(text)
    else:
        assert parse_number(text) == number


@pytest.mark.parametrize("path", [path for path in CALIBRATED_FIELDS if FIELDS[path].unit == "1"])
@pytest.mark.parametrize("text", ["1.04", "1.04 1", " 1,04 ", "1.04 ± 0.01"])
def test_a_number_without_dimension_is_typed_as_it_is_read(path: str, text: str) -> None:
    """Its unit is the digit 1, which may stand there or not."""
    for read in (
        read_value(path, text),
        read_typed(path, text, unit="1").entry,
        read_typed(path, text).entry,
    ):
        assert (read["value"], read["unit"]) == (1.04, "1")


def test_a_matrix_is_shown_as_it_is_typed() -> None:
    path, matrix = "detector_to_scan_matrix", [[0.0, 1.0], [-1.0, 0.5]]
    for entry in (matrix, {"value": matrix, "source": "calibration"}):
        assert format_entry(path, entry) == "0 1; -1 0.5"
    assert read_typed(path, "0 1; -1 0.5").entry == matrix
    assert format_entry(path, [[1, 0], 3]) == "[[1, 0], 3]", "what is no matrix stays readable"
