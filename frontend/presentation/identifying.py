"""What a deposit says of people and machines, in words, for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.questions.fields import load_catalogue
from repository.selectors.identifying import IdentifyingLine

_KINDS = {
    "email": "mail address",
    "path": "path",
    "serial_number": "serial number",
    "comment": "comment",
    "name": "name",
}
_SHOWN_FILES = 3
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class IdentifyingRow:
    """One text, where readers would see it, and in which files it stands."""

    value: str
    kind: str
    state: str
    where: str
    files: str


def describe_identifying(lines: Sequence[IdentifyingLine]) -> dict[str, Any]:
    """Return what the page's list shows: what readers would see first, and how many that are."""
    return {
        "identifying": tuple(_describe(line) for line in lines[:_MOST_LINES]),
        "n_identifying": len(lines),
        "n_identifying_shown": sum(line.state == "shown" for line in lines),
        "n_identifying_more": max(0, len(lines) - _MOST_LINES),
    }


def _describe(line: IdentifyingLine) -> IdentifyingRow:
    fields = load_catalogue().measurement
    files = list(dict.fromkeys(line.files))
    more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
    return IdentifyingRow(
        value=line.value,
        kind=_KINDS[line.kind],
        state=line.state,
        where=", ".join(fields[name].title for name in line.fields),
        files=", ".join(files[:_SHOWN_FILES]) + more,
    )
