"""Corrections of a document that was published: field by field, and which of them a description alone cannot make.

Nothing is judged here. A correction of what decides how files are read, or which arrays there are, is no matter of
words: it needs the files, and so a new version (ADR 0048).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.checks.cell_values import format_entry
from repository.schema.documents.levels import OF_ONE_FILE, place_entry, remove_entry
from repository.schema.documents.merge_patch import ABSENT, list_changes
from repository.schema.places import get_entry, get_plain, is_gap
from repository.schema.questions.field_tree import Node, build_tree
from repository.schema.questions.fields import DocumentName, load_catalogue

BYTES_FIELDS = frozenset({"access", "embargo_until"})
"""What is said of the dataset that decides who may have its bytes: no words about them."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What stood in a field and what stands there now; `ABSENT` where there was, or is, nothing.

    Attributes
    ----------
    path
        Dotted path of the field; of a list of objects, of the whole list.
    """

    kind: DocumentName
    path: str
    old: Any
    new: Any

    @property
    def needs_version(self) -> bool:
        """Return whether it takes more than words: files read again, other arrays, or other rights to the bytes."""
        head = self.path.split(".", maxsplit=1)[0]
        return head in (BYTES_FIELDS if self.kind == "dataset" else OF_ONE_FILE)

    @property
    def title(self) -> str:
        """Return what people call the field."""
        field = load_catalogue().fields(self.kind).get(self.path)
        return field.title if field is not None else self.path

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it, with both sides also as people read them; what was absent is left out."""
        told = {"field": self.path, "title": self.title, "old": self.old, "new": self.new}
        return {key: value for key, value in told.items() if value is not ABSENT} | {
            "old_text": show_entry(self.path, self.old),
            "new_text": show_entry(self.path, self.new),
        }


def list_corrections(
    before: Mapping[str, Any], after: Mapping[str, Any], *, kind: DocumentName
) -> list[Correction]:
    """Return in which fields two normalized documents differ, in the order of the first one."""
    old, new = (dict(_walk(document, build_tree(kind), "")) for document in (before, after))
    return [
        Correction(kind, path, old.get(path, ABSENT), new.get(path, ABSENT))
        for path in dict.fromkeys((*old, *new))
        if list_changes(_wrap(old.get(path, ABSENT)), _wrap(new.get(path, ABSENT)))
    ]


def _wrap(entry: Any) -> dict[str, Any]:
    return {} if entry is ABSENT else {"": entry}


def _walk(group: Mapping[str, Any], node: Node, path: str) -> Iterator[tuple[str, Any]]:
    for key, child in group.items():
        place = f"{path}.{key}" if path else str(key)
        below = node.children.get(str(key))
        if below is not None and below.children and isinstance(child, Mapping) and not is_gap(child):
            yield from _walk(child, below, place)
        else:
            yield place, child


def apply_corrections(document: Mapping[str, Any], corrections: Iterable[Correction]) -> dict[str, Any]:
    """Return a document with corrections; all that they do not name stays as it is there."""
    corrected = dict(document)
    for correction in corrections:
        if correction.new is ABSENT:
            corrected = remove_entry(corrected, correction.path)
        else:
            corrected = place_entry(corrected, correction.path, correction.new)
    return corrected


def rebase_corrections(
    document: Mapping[str, Any], corrections: Iterable[Correction]
) -> tuple[Correction, ...]:
    """Return the corrections as they change this document: with what stands there, and none that changes nothing."""
    moved = (Correction(one.kind, one.path, _read(document, one.path), one.new) for one in corrections)
    return tuple(one for one in moved if list_changes(_wrap(one.old), _wrap(one.new)))


def _read(document: Mapping[str, Any], path: str) -> Any:
    entry = get_entry(document, path)
    return ABSENT if entry is None else entry


def show_entry(path: str, entry: Any) -> str:
    """Return an entry as people read it; of a list of objects the parts of each."""
    if entry is ABSENT or entry is None:
        return ""
    if isinstance(entry, list) and any(isinstance(item, Mapping) for item in entry):
        return "; ".join(_show_item(path, item) for item in entry)
    return format_entry(path, entry)


def _show_item(path: str, item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    parts = [_show_part(f"{path}[].{key}", child) for key, child in item.items()]
    return ", ".join(part for part in parts if part)


def _show_part(path: str, entry: Any) -> str:
    plain = get_plain(entry)
    return format_entry(path, plain if isinstance(plain, str) else entry)


def name_fields(corrections: Sequence[Correction]) -> str:
    """Return the titles of the fields, each once."""
    return ", ".join(dict.fromkeys(correction.title for correction in corrections))
