"""What the help says of each field: what it is, why a reader needs it, unit, range, example, where files hide it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from frontend.presentation.metadata_rows import GROUP_TITLES, group_title
from frontend.presentation.quantities import format_number, term_title
from ingest.formats.registry import list_formats
from ingest.mapping.keys import HeaderKey, KeyTable, by_field
from repository.schema.checks.cell_values import format_example
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import Field, Term, load_catalogue

OTHER = "other"
_INTERNAL = frozenset({"looked_for"})
_KINDS: Mapping[str, str] = {
    "text": "a text", "texts": "texts, one a line", "choice": "one word of a list", "choices": "words of a list",
    "integer": "a whole number", "integers": "whole numbers", "number": "a number", "boolean": "yes or no",
    "elements": "symbols of elements", "shape": "rows and columns", "timestamp": "a date with time and zone",
    "date": "a day", "orcid": "an ORCID", "ror": "a ROR", "funder_id": "a funder's identifier",
    "reference": "a DOI or an address", "license": "a licence", "quantity": "a number with a unit",
    "quantity_or_series": "a number with a unit, or one for each frame", "series": "one number for each frame",
    "matrix2x2": "two rows of two numbers", "aberrations": "coefficients with units, by their names",
    "objects": "a list of parts", "extensions": "keys of your own", "group": "the fields below it",
}  # fmt: skip
_ASKED: Mapping[str, str] = {"R": "required", "r": "recommended"}
_SERIES_AND_ORIGIN: Mapping[str, str] = {
    "time": "time series",
    "tilt": "tilt series",
    "simulated": "simulations",
}
# The letters of the table, which stands in catalogue/requirements.yaml; "c" is about answers and limits nothing.
_CONDITIONS: Mapping[str, str] = {
    "a": "of two positions or more", "b": "with a convergent probe", "d": "if scanned",
    "e": "if electrons were used", "i": "in situ", "p": "for ptychography", "q": "momentum-resolved",
    "t": "in a tilt series",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HiddenPlace:
    """Keys of one format that say a field, the winning one first."""

    format_title: str
    keys: tuple[HeaderKey, ...]


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """What a person should know of one field.

    Attributes
    ----------
    address
        Of its place on the page of its group.
    asked
        By "required" and "recommended", the techniques and kinds that are asked.
    hard, soft
        Ranges in words: outside the first a value cannot be right, outside the second it is unusual.
    hidden
        Where headers of files say it.
    """

    path: str
    address: str
    title: str
    description: str
    kind: str
    why: str = ""
    units: tuple[str, ...] = ()
    hard: str = ""
    soft: str = ""
    range_reason: str = ""
    words: tuple[Term, ...] = ()
    example: str = ""
    aliases: tuple[str, ...] = ()
    asked: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hidden: tuple[HiddenPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields of one page, in the order of the catalogue."""

    name: str
    title: str
    fields: tuple[FieldHelp, ...]


@functools.cache
def list_field_groups() -> tuple[FieldGroup, ...]:
    """Return every field of a measurement and of a dataset, by group."""
    catalogue = load_catalogue()
    places = _list_hidden_places()
    grouped: dict[str, list[FieldHelp]] = {name: [] for name in (*GROUP_TITLES, OTHER)}
    for fields in (catalogue.measurement, catalogue.dataset):
        parents = {path.removesuffix("[]"): field.group for path, field in fields.items()}
        for path, field in fields.items():
            group = parents.get(path.split("[]", maxsplit=1)[0], field.group)
            if path not in _INTERNAL and path not in {one.path for one in grouped[_page_of(group)]}:
                grouped[_page_of(group)].append(_describe(field, _page_of(group), places.get(path, ())))
    return tuple(
        FieldGroup(name, group_title(name), tuple(found)) for name, found in grouped.items() if found
    )


def locate_field(path: str) -> str | None:
    """Return the address of the help for a field of a measurement, or None where there is no such field.

    What stands in questions is meant too: "annular_detectors" for the list, "links:vacuum_probe" for a link.
    """
    return _list_addresses().get(path.partition(":")[0].removesuffix("[]").removesuffix("{}"))


@functools.cache
def _list_addresses() -> Mapping[str, str]:
    return {
        one.path: one.address
        for group in list_field_groups()
        if group.name != "dataset"
        for one in group.fields
    }


def _page_of(group: str) -> str:
    return group if group in GROUP_TITLES else OTHER


def _describe(field: Field, group: str, hidden: tuple[HiddenPlace, ...]) -> FieldHelp:
    catalogue = load_catalogue()
    terms = catalogue.vocabularies.get(field.vocabulary or "", ())
    chosen = "yes" if field.kind == "boolean" else terms[0].value if terms else ""
    return FieldHelp(
        path=field.path,
        address=f"/help/fields/{group}#{field.path}",
        title=field.title,
        description=field.description,
        kind=_KINDS.get(field.kind, field.kind),
        why=_find_reason(field),
        units=tuple(get_symbol(unit) or "1" for unit in field.units),
        hard=_write_range(field.hard, field.unit),
        soft=_write_range(field.soft, field.unit),
        range_reason=field.range_reason,
        words=terms,
        example=format_example(field) or chosen,
        aliases=field.aliases,
        asked=_list_asked(field.path),
        hidden=hidden,
    )


def _find_reason(field: Field) -> str:
    """Return why it is asked; of what settles another question, why that one is."""
    rows = load_catalogue().rows
    own = next((row.why for row in rows if row.path == field.path), "")
    return (
        own
        or field.why
        or next((row.why for row in rows if any(field.path in paths for paths in row.answers)), "")
    )


def _write_range(limits: tuple[float, float] | None, unit: str | None) -> str:
    if limits is None:
        return ""
    low, high = map(format_number, limits)
    return f"{low} to {high} {get_symbol(unit)}".strip()


def _list_asked(path: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    codes = next((row.codes for row in load_catalogue().rows if row.path == path), {})
    found = []
    for letter, word in _ASKED.items():
        names = [_name_asked(column, code) for column, code in codes.items() if _letter_of(code) == letter]
        if names:
            found.append((word, tuple(names)))
    return tuple(found)


def _letter_of(code: str) -> str:
    return code.rpartition(":")[2][:1]


def _name_asked(column: str, code: str) -> str:
    """Return a column of the table with the conditions of its code: "Rbc" of EELS holds with a convergent probe."""
    title = _SERIES_AND_ORIGIN.get(column) or term_title("technique", column)
    conditions = [_CONDITIONS[letter] for letter in code if letter in _CONDITIONS]
    return f"{title} ({', '.join(conditions)})" if conditions else title


def _list_hidden_places() -> Mapping[str, tuple[HiddenPlace, ...]]:
    """Return for each field the formats whose headers say it, by title; tables that formats share stand once."""
    tables: dict[KeyTable, list[str]] = {}
    for form in list_formats():
        tables.setdefault(form.load_keys(), []).append(form.title)
    found: dict[str, list[HiddenPlace]] = {}
    for table, titles in sorted(tables.items(), key=lambda item: item[1]):
        for path, keys in by_field(table):
            found.setdefault(path, []).append(HiddenPlace(", ".join(titles), tuple(keys)))
    return {path: tuple(places) for path, places in found.items()}
