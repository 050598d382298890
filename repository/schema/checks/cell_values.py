"""One answer as it is typed into a cell, and as a cell shows it: a field's text and its entry in a document."""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repository.schema.checks.rings import RINGS, RingTextError, format_rings, read_rings
from repository.schema.checks.validation import check_supplied_layer
from repository.schema.documents.levels import place_entry
from repository.schema.documents.normalization import normalize_document
from repository.schema.json_text import JsonTextError, read_json
from repository.schema.places import get_entry, get_plain, is_gap
from repository.schema.quantities.quantity import Reading, is_number, read_quantity
from repository.schema.quantities.units import UnitMismatchError
from repository.schema.questions.fields import Field, load_catalogue

GAP_WORDS: Mapping[str, str] = {
    "not_recorded": "not recorded",
    "withheld": "withheld",
    "not_applicable": "not applicable",
}
_QUANTITIES = frozenset({"quantity", "quantity_or_series", "series"})
_NUMBERS = _QUANTITIES | {"number", "integer", "integers", "shape"}
_YES = frozenset({"yes", "true", "y"})
_NO = frozenset({"no", "false", "n"})
_MATRIX_ROWS = 2
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
"""Of more digits no number of pixels or frames is; they are refused as any other text is."""
_SHOWN = 6
_LONGEST_REMEMBERED = 200
"""Characters: thousands of texts as long as a request may be are more than a server remembers."""


class CellRefusedError(ValueError):
    """What was typed is no answer to the field; says why, and what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer that can be stored, and how it was understood."""

    entry: Any
    text: str
    note: str = ""


def find_field(path: str) -> Field:
    """Return the field of a column.

    Raises
    ------
    CellRefusedError
        The schema has no such field.
    """
    field = load_catalogue().measurement.get(path)
    if field is None or field.kind in {"group", "lookup", "extensions"}:
        raise CellRefusedError(
            "field_unknown", f'"{path[:80]}" is no field of the schema.', "The table names its fields."
        )
    return field


def read_typed(path: str, typed: Any, *, unit: str | None = None, basis: str | None = None) -> Typed:
    """Return the entry that stands for what a person gave: text as it is typed, or a value as documents have it.

    Parameters
    ----------
    unit
        Of a bare number, where the place it was typed into says one; no unit is guessed.
    basis
        Of a quantity, where it was said. Nothing is claimed for want of it (ADR 0039).

    Raises
    ------
    CellRefusedError
        It cannot be read, or cannot be right.
    """
    if isinstance(typed, str):
        text = typed.strip()
        read = _remember_typed_text if len(text) <= _LONGEST_REMEMBERED else _read_typed_text
        return read(path, text, unit, basis)
    return _read_given(find_field(path), typed, unit, basis)


def _read_typed_text(path: str, text: str, unit: str | None, basis: str | None) -> Typed:
    """Return the answer of a text."""
    field = find_field(path)
    if not text:
        raise CellRefusedError(
            "empty_answer", f"{field.title}: nothing was given.", "Clear the cell instead."
        )
    return _read_given(field, _read_text(field, text, unit), unit, basis)


_remember_typed_text = functools.lru_cache(maxsize=4096)(_read_typed_text)
"""A whole column often says the same."""


def _read_given(field: Field, given: Any, unit: str | None, basis: str | None) -> Typed:
    path = field.path
    if is_number(given) and field.kind in _QUANTITIES and unit:
        given = {"value": given, "unit": unit}
    plain = path.replace("[]", "")
    layer = place_entry({}, path.split("[]", maxsplit=1)[0], given)
    if "[]" in path:
        head, _, rest = path.partition("[].")
        layer = place_entry({}, head, [place_entry({}, rest, given)])
    normal = normalize_document(layer)
    findings = check_supplied_layer(layer)
    refused = next((one for one in findings if one.severity == "error"), None)
    if refused is not None:
        raise CellRefusedError(refused.code, refused.message, refused.hint)
    entry = get_entry(_without_lists(normal) if "[]" in path else normal, plain)
    if entry is None:
        raise CellRefusedError(
            "empty_answer", f"{field.title}: nothing was given.", "Clear the cell instead."
        )
    note = next((one.message for one in findings if one.severity == "warning"), "")
    return Typed(_forget_unsaid(entry, given, basis), format_entry(path, entry), note)


def _without_lists(document: Any) -> Any:
    """Return the document with single entries in the place of lists of objects."""
    if isinstance(document, Mapping):
        return {key: _without_lists(child) for key, child in document.items()}
    is_entry = isinstance(document, list) and len(document) == 1 and isinstance(document[0], Mapping)
    return document[0] if is_entry else document


def _forget_unsaid(entry: Any, given: Any, basis: str | None) -> Any:
    """Return the entry without the source and basis that nobody gave, and with the basis that somebody did."""
    if isinstance(entry, list) and isinstance(given, list) and len(entry) == len(given):
        return [_forget_of_item(item, said, basis) for item, said in zip(entry, given, strict=True)]
    if not isinstance(entry, Mapping) or is_gap(entry) or not {"value", "range", "values"} & set(entry):
        return entry
    said = given if isinstance(given, Mapping) else {}
    kept = dict(entry)
    if kept.get("source") == "depositor" and "source" not in said:
        del kept["source"]
    if kept.get("basis") == "nominal" and "basis" not in said:
        del kept["basis"]
    if basis is not None and "unit" in kept:
        kept["basis"] = basis
    return kept


def _forget_of_item(item: Any, said: Any, basis: str | None) -> Any:
    if not isinstance(item, Mapping) or not isinstance(said, Mapping):
        return item
    return {key: _forget_unsaid(entry, said.get(key), basis) for key, entry in item.items()}


def _read_text(field: Field, text: str, unit: str | None) -> Any:  # noqa: PLR0911  # one line for each kind
    if text.startswith("=") and field.kind in _NUMBERS:
        raise CellRefusedError(
            "formula",
            f'{field.title}: "{text[:40]}" is a formula, and is kept as text; a number is asked.',
            "Give the number that the formula makes.",
        )
    if text.lower().replace("_", " ") in {*GAP_WORDS.values(), "not known", "not measured"}:
        return text
    if text[:1] in {"{", "["}:
        return _read_json(field, text)
    if field.kind in {"choice", "choices"}:
        words = text.split(",") if field.kind == "choices" else [text]
        terms = [_find_term(field, word.strip()) for word in words if word.strip()]
        return terms if field.kind == "choices" else terms[0] if terms else ""
    if field.kind == "boolean":
        return True if text.lower() in _YES else False if text.lower() in _NO else text
    if field.kind == "integer" and _INTEGER.fullmatch(text) is not None:
        return int(text)
    if field.kind in _QUANTITIES and unit and _is_bare(text):
        return text if text.endswith(f" {unit}") else f"{text} {unit}"  # "1" is a unit without a letter
    if field.kind == "matrix2x2":
        return _read_matrix(text)
    if field.kind in {"objects", "aberrations"}:
        return _read_rings(field, text, unit)
    return text


def _read_rings(field: Field, text: str, unit: str | None) -> list[dict[str, Any]]:
    if field.path != RINGS:
        raise CellRefusedError(
            "not_one_value",
            f"{field.title} has several parts, and is not typed as one text.",
            "Answer its parts, or send it as JSON.",
        )
    try:
        return read_rings(text, unit=unit)
    except RingTextError as error:
        raise CellRefusedError(
            "no_ring", f"{field.title}: {error}", "Write 68–200 mrad, or HAADF 68–200 mrad; BF 0–10 mrad."
        ) from error


def _read_json(field: Field, text: str) -> Any:
    try:
        return read_json(text)
    except JsonTextError as error:
        raise CellRefusedError("wrong_form", f"{field.title}: {error}", "Correct it there.") from error


def _find_term(field: Field, word: str) -> str:
    folded = _fold(word)
    for term in load_catalogue().vocabularies.get(field.vocabulary or "", ()):
        names = (term.value, term.title, *term.aliases)
        if folded in set(map(_fold, names)):
            return term.value
    return word


def _fold(word: str) -> str:
    return word.lower().replace("_", " ").replace("-", " ")


def _is_bare(text: str) -> bool:
    """Say whether no unit was typed: nothing but digits, signs and marks of numbers and ranges."""
    return not any(character.isalpha() and character not in "eE" for character in text) and not (
        set(text) & set("°µÅ%")
    )


def _read_matrix(text: str) -> Any:
    rows = [row.replace(",", " ").split() for row in text.split(";")]
    try:
        matrix = [[float(number) for number in row] for row in rows]
    except ValueError:
        return text
    return matrix if len(matrix) == _MATRIX_ROWS else text


def format_entry(path: str, entry: Any) -> str:  # noqa: PLR0911  # one line for each form
    """Return an entry as a cell shows it: texts that `read_typed` understands, with the unit as people type it."""
    if entry is None:
        return ""
    if is_gap(entry):
        return GAP_WORDS.get(str(entry["missing"]), str(entry["missing"]))
    field = load_catalogue().measurement.get(path)
    if path == RINGS and isinstance(entry, list):
        return format_rings(entry)
    if "[]" in path and isinstance(entry, list):
        return "; ".join(format_entry(path.replace("[]", ""), one) for one in entry)
    if isinstance(entry, Mapping) and "unit" in entry:
        return _format_quantity(entry)
    plain = get_plain(entry)
    if isinstance(plain, Mapping) and "zone" in plain:
        return str(plain.get("value", ""))
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, list) and all(not isinstance(item, list | Mapping) for item in plain):
        joiner = " × " if field is not None and field.kind == "shape" else ", "
        return joiner.join(_format_number(item) if is_number(item) else str(item) for item in plain)
    if isinstance(plain, list | Mapping):
        return _format_parts(plain, is_matrix=field is not None and field.kind == "matrix2x2")
    return _format_number(plain) if is_number(plain) else str(plain)


def _format_parts(plain: list[Any] | Mapping[str, Any], *, is_matrix: bool) -> str:
    """Return a matrix as it is typed, anything else as JSON."""
    if is_matrix and all(isinstance(row, list) for row in plain):
        return "; ".join(" ".join(map(_format_number, row)) for row in plain)
    return json.dumps(plain, ensure_ascii=False)


def format_example(field: Field) -> str:
    """Return what an empty cell of the field shows: an answer as it could be typed there."""
    return format_entry(field.path, field.examples[0]) if field.examples else ""


def _format_quantity(entry: Mapping[str, Any]) -> str:
    unit = str(entry["unit"])
    if "range" in entry and isinstance(entry["range"], list):
        amount = "–".join(map(_format_number, entry["range"]))
    else:
        value = entry.get("value", entry.get("values", entry.get("array")))
        numbers = value if isinstance(value, list) else [value]
        amount = ", ".join(map(_format_number, numbers[:_SHOWN])) + (", …" if len(numbers) > _SHOWN else "")
        amount = f"({amount})" if isinstance(value, list) else amount
    if entry.get("uncertainty") is not None:
        amount = f"{amount} ± {_format_number(entry['uncertainty'])}"
    if entry.get("basis") == "estimated" and "range" not in entry:
        amount = f"~{amount}"
    return f"{amount} {unit}" if unit != "1" else amount


def _format_number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def read_number(path: str, entry: Any) -> float | None:
    """Return the one number of an entry, of a quantity in the field's unit; None where it has none, or several."""
    field = load_catalogue().measurement.get(path)
    plain = get_plain(entry)
    if is_number(plain):
        return float(plain)
    reading: Reading | None = read_quantity(entry)
    if reading is None or field is None or field.unit is None or len(reading.numbers) != 1:
        return None
    try:
        return reading.in_unit(field.unit)[0]
    except UnitMismatchError:
        return None
