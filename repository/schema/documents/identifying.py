"""What a measurement's metadata say of people and their machines, and where the file's header says it.

Depositors are shown it before they publish. What stands in a field of the metadata can be withheld there, and so in all
exports; the original file stays as it is, whatever its description leaves out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.places import get_entry, get_plain, is_gap
from repository.schema.questions.field_tree import find_leaves

Kind = Literal["email", "path", "serial_number", "comment", "name"]

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PATH = re.compile(r"(?:^|\s)(?:[A-Za-z]:\\|\\\\|~/|/(?:home|users?|media|mnt|data|volumes)/)", re.IGNORECASE)
_COMMENT = re.compile(r"comment|notes?$|remark", re.IGNORECASE)
_FREE = frozenset({"text", "texts", "extensions"})
"""Kinds of fields in which people write what they like."""
_BESIDE = ("note", "calibrated_from")
_SHORTEST = 4
"""Characters of a text of the header that is looked for inside the texts of the metadata."""


@dataclass(frozen=True, slots=True)
class IdentifyingValue:
    """One text that says who or whose machine it was.

    Attributes
    ----------
    pointers
        Where the file's header has it.
    fields
        Where the metadata have it; readers see it there.
    withheld
        Fields of the metadata that would have it, and withhold it.
    is_in_file
        Whether it stands in the original file, whatever the metadata say.
    """

    value: str
    kind: Kind
    pointers: tuple[str, ...]
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    is_in_file: bool = False


def list_identifying(
    document: Mapping[str, Any],
    *,
    header: Mapping[str, Any],
    rules: Iterable[Mapping[str, Any]],
    personal: Mapping[str, str],
) -> list[IdentifyingValue]:
    """Return what a measurement says of people, paths and serial numbers, each text once.

    Parameters
    ----------
    document
        The merged metadata document, in the words of the version in force.
    header, rules
        What the file's header and rules say, in the words of the schema: it holds again where a mask is taken away.
    personal
        Text by JSON pointer into the file's header.
    """
    said: dict[str, tuple[Kind, list[str], list[str], list[str]]] = {}
    for pointer, text in personal.items():
        _place(said, text, name_kind(text, pointer))[1].append(pointer)
    known = [text for text in said if len(text) >= _SHORTEST]
    for path, text in _list_texts(document):
        for value in _find_in(path, text, known):
            _place(said, value, name_kind(value, path))[2].append(path)
    in_file = {value for path, text in _list_texts(header) for value in _find_in(path, text, known)} | {
        *personal.values()
    }
    for path, text in (one for layer in (header, *rules) for one in _list_texts(layer)):
        entry = get_entry(document, path)
        if is_gap(entry) and entry["missing"] == "withheld":
            for value in _find_in(path, text, known):
                _place(said, value, name_kind(value, path))[3].append(path)
    return [
        IdentifyingValue(
            value,
            kind,
            tuple(pointers),
            tuple(dict.fromkeys(fields)),
            tuple(dict.fromkeys(withheld)),
            value in in_file,
        )
        for value, (kind, pointers, fields, withheld) in said.items()
    ]


def _place(
    said: dict[str, tuple[Kind, list[str], list[str], list[str]]], value: str, kind: Kind
) -> tuple[Kind, list[str], list[str], list[str]]:
    return said.setdefault(value, (kind, [], [], []))


def name_kind(text: str, place: str) -> Kind:
    """Return what a text is, by itself or by where it stands."""
    if _MAIL.search(text):
        return "email"
    if _PATH.search(text) or "…" in text or text.startswith("/"):
        return "path"
    if "serial" in place.lower():
        return "serial_number"
    return "comment" if _COMMENT.search(place) else "name"


def _list_texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text with the field in which it would be withheld: of a list of objects that is the whole list."""
    for leaf in find_leaves(document):
        path = leaf.field.path.split("[]", maxsplit=1)[0]
        for text in _find_texts(leaf.field.kind, leaf.entry):
            if text.strip():
                yield path, text.strip()


def _find_texts(kind: str, entry: Any) -> Iterator[str]:
    """Yield what somebody wrote: the value of a text, what stands beside another value, and all that has no schema."""
    if kind not in _FREE:
        beside = entry if isinstance(entry, Mapping) else {}
        yield from (text for key in _BESIDE if isinstance(text := beside.get(key), str))
    elif not is_gap(entry):
        yield from _walk_texts(get_plain(entry))


def _walk_texts(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, Mapping):
        for child in entry.values():
            yield from _walk_texts(child)
    elif isinstance(entry, list):
        for child in entry:
            yield from _walk_texts(child)


def _find_in(path: str, text: str, known: Iterable[str]) -> list[str]:
    """Return what of a field's text identifies: all of a serial number; of others what is such, or the header has."""
    if "serial" in path:
        return [text]
    found = [value for value in known if value in text]
    if not found and (_MAIL.search(text) or _PATH.search(text)):
        found = [text]
    return found
