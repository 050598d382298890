"""Values of a metadata document as people read them: number, unit, spread, source and basis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.places import get_plain, is_gap
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue

_SHOWN_NUMBERS = 12
_SIGNIFICANT = 6


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One entry of a document in words; `gap` is set where the value is declared missing."""

    text: str
    source: str = ""
    basis: str = ""
    gap: str = ""
    note: str = ""


def format_number(value: Any) -> str:
    """Return a number with at most six significant digits, integers whole."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return (
            str(int(value))
            if value.is_integer() and abs(value) < 10**_SIGNIFICANT
            else f"{value:.{_SIGNIFICANT}g}"
        )
    return str(value)


def term_title(vocabulary: str, value: str) -> str:
    """Return what a word of a closed list means, or the word itself."""
    terms = load_catalogue().vocabularies.get(vocabulary, ())
    return next((term.title for term in terms if term.value == value), value.replace("_", " "))


def describe_entry(path: str, entry: Any) -> str:
    """Return what stands at a field of a measurement in one line: terms by their titles, units as people print them."""
    field = load_catalogue().measurement.get(path)
    text = show_value(entry, vocabulary=field.vocabulary if field is not None else None).text
    if field is not None and field.kind == "shape":
        text = text.replace(", ", " × ")
    is_estimate = isinstance(entry, Mapping) and entry.get("basis") == "estimated" and "range" not in entry
    return f"~{text}" if is_estimate else text


def name_term(path: str, text: str) -> str:
    """Return the title of a field's term, or the text itself where the field has no closed list."""
    field = load_catalogue().measurement.get(path)
    return term_title(field.vocabulary, text) if field is not None and field.vocabulary else text


def show_value(entry: Any, *, vocabulary: str | None = None) -> ShownValue:
    """Return an entry of a metadata document in words."""
    if is_gap(entry):
        gap = term_title("missing", str(entry["missing"]))
        return ShownValue(text=gap, gap=gap, note=str(entry.get("note") or ""))
    if not isinstance(entry, Mapping):
        return ShownValue(text=_show_plain(entry, vocabulary))
    source = entry.get("source")
    basis = entry.get("basis")
    return ShownValue(
        text=_show_amount(entry, vocabulary),
        source=term_title("source", str(source)) if source else "",
        basis=term_title("basis", str(basis)).lower() if basis else "",
        note=str(entry.get("note") or ""),
    )


def _show_amount(entry: Mapping[str, Any], vocabulary: str | None) -> str:
    if "range" in entry:
        low, high = entry["range"]
        amount = f"{format_number(low)}–{format_number(high)}"
    elif "value" in entry:
        amount = _show_plain(entry["value"], vocabulary)
    elif "values" in entry:
        amount = _show_plain(entry["values"], vocabulary)
    elif "array" in entry:
        return f"stored as {entry['array']}"
    else:
        return _show_plain(get_plain(entry), vocabulary)
    if entry.get("uncertainty") is not None:
        amount = f"{amount} ± {format_number(entry['uncertainty'])}"
    if entry.get("zone") == "unknown":
        amount = f"{amount} (time zone unknown)"
    return f"{amount} {get_symbol(entry.get('unit', '1'))}".strip()


def _show_plain(value: Any, vocabulary: str | None) -> str:
    if isinstance(value, list | tuple):
        return _show_list(value, vocabulary)
    if isinstance(value, Mapping):
        return "; ".join(f"{key.replace('_', ' ')} {show_value(item).text}" for key, item in value.items())
    if isinstance(value, str) and vocabulary:
        return term_title(vocabulary, value)
    return format_number(value)


def _show_list(values: Sequence[Any], vocabulary: str | None) -> str:
    if values and all(isinstance(row, list | tuple) for row in values):  # a matrix, as it is typed
        return "; ".join(" ".join(map(format_number, row)) for row in values)
    shown = [
        _show_plain(value, vocabulary) if not isinstance(value, Mapping) else show_value(value).text
        for value in values
    ]
    if len(shown) > _SHOWN_NUMBERS:
        shown = [*shown[: _SHOWN_NUMBERS - 1], "…", shown[-1]]
    return ", ".join(shown)
