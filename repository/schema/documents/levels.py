"""Which answers speak of a measurement, and how near each is to it (ADR 0039).

An answer stands at one of four levels: for all (`defaults`), for a kind of measurement (`kinds`), for the files that
a pattern of the document names, or for one file. The first two are rules: they fill what the file itself does not say,
where the question applies, and also in measurements that come later. The last two are about files that a person named.
Below them all stands what an instrument record says of a file (`instruments`): it fills what nobody else says.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from repository.schema.places import find_entries, get_plain
from repository.schema.questions.fields import RequirementRow, load_catalogue
from repository.schema.questions.situation import list_techniques

Level = Literal["instrument", "all", "kind", "pattern", "measurement"]
ALL = "defaults"
KINDS = "kinds"
SINGLE = "measurements"
INSTRUMENTS = "instruments"
DIFFERS = "differs"
_UNASKED = frozenset({"other", "derived_table"})
"""Techniques of which the table of requirements asks little: what is said of them is kept, whatever it is."""

OF_ONE_FILE = frozenset(
    {"technique", "scan", "series", "scan_shape", "scan_positions", "axes", "array", "links"}
)
"""What is true of one file by its nature: the table takes it for files that a person chose, never as a rule."""


def is_of_one_file(field: str) -> bool:
    """Say whether a field, or the group or list that it is in, is each file's own."""
    return field.split(".", maxsplit=1)[0].split("[]", maxsplit=1)[0] in OF_ONE_FILE


def name_kind(techniques: Sequence[str]) -> str:
    """Return the kind of a measurement: its techniques in the order of the vocabulary, joined by "+"."""
    known = load_catalogue().words("technique")
    return "+".join(word for word in known if word in techniques)


def is_rule(label: str) -> bool:
    """Say whether a layer fills, and never stands over what a file says: for all, for a kind, of an instrument."""
    return label == ALL or label.startswith((f"{KINDS}/", f"{INSTRUMENTS}/"))


def find_level(label: str, path: str) -> Level:
    """Return the level of a layer by its label, seen from the measurement of this file."""
    if label == ALL:
        return "all"
    if label.startswith(f"{INSTRUMENTS}/"):
        return "instrument"
    if label.startswith(f"{KINDS}/"):
        return "kind"
    return "measurement" if label == f"{SINGLE}/{path}" else "pattern"


def choose_rules(
    layers: Sequence[tuple[str, Mapping[str, Any]]], document: Mapping[str, Any]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the layers that speak of a measurement of these techniques; all others are left out.

    Parameters
    ----------
    layers
        (label, document) pairs as `select_supplied` gives them: with the layers of every kind.
    document
        Says the techniques and the origin; what else is in it is not looked at.
    """
    techniques = list_techniques(document)
    label = f"{KINDS}/{name_kind(techniques)}"
    strangers = _list_strangers(techniques, is_simulated=get_plain(document.get("origin")) == "simulated")
    return [
        (name, _leave_out(layer, strangers) if is_rule(name) else layer)
        for name, layer in layers
        if not name.startswith(f"{KINDS}/") or name == label
    ]


def does_apply(path: str, document: Mapping[str, Any]) -> bool:
    """Say whether a rule about this field is taken for a measurement of these techniques and this origin."""
    is_simulated = get_plain(document.get("origin")) == "simulated"
    return path not in _list_strangers(list_techniques(document), is_simulated=is_simulated)


@functools.lru_cache(maxsize=256)
def _list_strangers(techniques: tuple[str, ...], *, is_simulated: bool) -> frozenset[str]:
    """Return the fields that the table asks of others only: an answer for all does not speak of these here."""
    if not techniques or _UNASKED & set(techniques):
        return frozenset()
    columns = (*techniques, "simulated") if is_simulated else techniques
    return frozenset(
        path
        for path, rows in _list_rows_by_path().items()
        if all(row.codes[column] == "-" for row in rows for column in columns)
    )


@functools.cache
def _list_rows_by_path() -> dict[str, list[RequirementRow]]:
    """Return by field the row that asks for it, else those that it can settle."""
    rows = load_catalogue().rows
    own = {row.path: [row] for row in rows}
    others: dict[str, list[RequirementRow]] = {}
    for row in rows:
        for paths in row.answers:
            for path in paths:
                if ":" not in path and not path.endswith("{}"):
                    others.setdefault(path.split("[]", maxsplit=1)[0], []).append(row)
    return {**others, **own}


def _leave_out(layer: Mapping[str, Any], paths: frozenset[str]) -> Mapping[str, Any]:
    for path in paths:
        if next(find_entries(layer, path), None) is not None:
            layer = remove_entry(layer, path)
    return layer


def remove_entry(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the document without what stands at a dotted path; groups that hold nothing any more go with it."""
    head, _, rest = path.partition(".")
    kept = dict(document)
    child = kept.get(head)
    if rest and isinstance(child, Mapping):
        kept[head] = remove_entry(child, rest)
        if not kept[head]:
            del kept[head]
    elif not rest:
        kept.pop(head, None)
    return kept


def place_entry(document: Mapping[str, Any], path: str, entry: Any) -> dict[str, Any]:
    """Return the document with an entry at a dotted path, in the place of what stood there."""
    head, _, rest = path.partition(".")
    kept = dict(document)
    if rest:
        child = kept.get(head)
        is_group = isinstance(child, Mapping) and "missing" not in child
        kept[head] = place_entry(child if is_group and child else {}, rest, entry)
    else:
        kept[head] = entry
    return kept
