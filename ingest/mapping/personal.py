"""Which entries of a vendor header speak of people or of their machines, and what they say."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.places import escape_pointer

_PERSON = re.compile(
    r"operator|user|author(?!ing_program)|owner|e-?mail|creator|investigator|person|login|contact|phone"
    r"|computer|host ?name|workstation|comment|^notes?$|remark",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"serial", re.IGNORECASE)
_PATH_OR_MAIL = re.compile(r"^\s*(?:[A-Za-z]:\\|\\\\|/[^/\s]+/|~/)|…|[\w.+-]+@[\w-]+\.\w")
_INSIDE_THE_FILE = re.compile(r"/signals/[^/]+/path")  # where in an HDF5 file the reader found an array
_LABELS = ("Label", "label", "Tag path")
_LONGEST = 300
"""Characters that are kept of a text: a comment may be long."""


def find_personal_entries(header: Mapping[str, Any]) -> dict[str, str]:
    """Return what says who or whose machine it was, by JSON pointer; depositors are shown it before they publish.

    Judged by the key, by the keys above it, by a label beside it (DM keeps lists of label and value), and
    by the text itself: absolute paths and mail addresses are personal wherever they stand. Serial numbers may be
    numbers; all else is text.
    """
    return dict(_walk(header, "", is_personal=False))


def _walk(entry: Any, pointer: str, *, is_personal: bool) -> Iterator[tuple[str, str]]:
    if isinstance(entry, Mapping):
        labels = " ".join(str(entry[key]) for key in _LABELS if isinstance(entry.get(key), str))
        labeled = _names_people(labels)
        for key, child in entry.items():
            below = is_personal or _names_people(key) or (labeled and key.lower() == "value")
            yield from _walk(child, f"{pointer}/{escape_pointer(key)}", is_personal=below)
    elif isinstance(entry, list):
        for index, child in enumerate(entry):
            yield from _walk(child, f"{pointer}/{index}", is_personal=is_personal)
    elif isinstance(entry, str) and entry.strip():
        is_place = _PATH_OR_MAIL.search(entry) and not _INSIDE_THE_FILE.fullmatch(pointer)
        if is_personal or is_place:
            yield pointer, entry.strip()[:_LONGEST]
    elif isinstance(entry, int) and not isinstance(entry, bool) and entry and _SERIAL.search(pointer):
        yield pointer, str(entry)


def _names_people(key: str) -> bool:
    return bool(_PERSON.search(key) or _SERIAL.search(key))
