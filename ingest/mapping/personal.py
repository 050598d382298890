"""Which entries of a vendor header speak of people or of their machines."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.places import escape_pointer

_PERSON = re.compile(
    r"operator|user|author(?!ing_program)|owner|e-?mail|creator|investigator|person|login|contact|phone"
    r"|computer|host ?name|workstation|comment|^notes?$|remark",
    re.IGNORECASE,
)
_PATH_OR_MAIL = re.compile(r"^\s*(?:[A-Za-z]:\\|\\\\|/[^/\s]+/|~/)|…|[\w.+-]+@[\w-]+\.\w")
_INSIDE_THE_FILE = re.compile(r"/signals/[^/]+/path")  # where in an HDF5 file the reader found an array
_LABELS = ("Label", "label", "Tag path")


def list_personal_pointers(header: Mapping[str, Any]) -> tuple[str, ...]:
    """Return JSON pointers at the entries that are masked for blind reviewers and offered for masking.

    Judged by the key, by the keys above it, by a label beside it (DM keeps lists of label and value), and
    by the text itself: absolute paths and mail addresses are personal wherever they stand.
    """
    return tuple(_walk(header, "", is_personal=False))


def _walk(entry: Any, pointer: str, *, is_personal: bool) -> Iterator[str]:
    if isinstance(entry, Mapping):
        labels = " ".join(str(entry[key]) for key in _LABELS if isinstance(entry.get(key), str))
        labeled = bool(_PERSON.search(labels))
        for key, child in entry.items():
            below = is_personal or bool(_PERSON.search(key)) or (labeled and key.lower() == "value")
            yield from _walk(child, f"{pointer}/{escape_pointer(key)}", is_personal=below)
    elif isinstance(entry, list):
        for index, child in enumerate(entry):
            yield from _walk(child, f"{pointer}/{index}", is_personal=is_personal)
    elif isinstance(entry, str) and entry.strip():
        is_place = _PATH_OR_MAIL.search(entry) and not _INSIDE_THE_FILE.fullmatch(pointer)
        if is_personal or is_place:
            yield pointer
