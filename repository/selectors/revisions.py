"""What a published version says, in its newest revision or in another one, and who corrected what and why."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.errors import NotFoundError, PermissionRefusedError
from repository.models import DatasetVersion, MetadataRevision
from repository.models.revision import Description, read_description
from repository.selectors.access import can_decide, get_version
from repository.selectors.visibility import Visitor

__all__ = [
    "Description",
    "RevisionLine",
    "get_correctable_version",
    "get_description",
    "list_revisions",
    "parse_revision",
    "read_description",
    "view_revision",
]
_LONGEST_NUMBER = 9


def parse_revision(text: str | None) -> int | None:
    """Return the number of a revision as an address says it; `None` for the newest.

    Raises
    ------
    NotFoundError
        It is no number.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise NotFoundError(
            f"There is no revision {text[:40]!r}.", hint="Revisions are numbers; 0 is what was published."
        )
    return int(text)


def get_description(
    visitor: Visitor, dataset_id: str, number: int | None = None, *, revision: int | None = None
) -> Description:
    """Return what a version says: chosen as `get_version` does, in its newest revision or in the one named.

    Raises
    ------
    NotFoundError
        There is no such version or revision for this visitor; the hint says which there are.
    """
    return read_description(get_version(visitor, dataset_id, number), revision)


def get_correctable_version(visitor: Visitor, dataset_id: str, number: int | None = None) -> DatasetVersion:
    """Return a version of which the visitor may correct what it says: whoever decides about it.

    Raises
    ------
    NotFoundError
        There is no such version.
    PermissionRefusedError
        It is somebody else's.
    """
    version = get_version(visitor, dataset_id, number)
    if not can_decide(visitor, version.dataset.deposit):
        raise PermissionRefusedError(
            "Only its owner, and co-owners who may publish, correct what a dataset says.",
            hint="Write to its creators; the page names them.",
        )
    return version


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """One correction in the history of a version."""

    number: int
    made_at: dt.datetime
    made_by: str
    reason: str
    changes: Sequence[Mapping[str, Any]]
    accepted_warnings: Sequence[Mapping[str, Any]]


def list_revisions(version: DatasetVersion) -> tuple[RevisionLine, ...]:
    """Return the corrections of a version to which a visitor was let in, newest first."""
    rows = version.revisions.select_related("made_by").defer("supplied", "document", "measurements")
    return tuple(view_revision(row) for row in rows.order_by("-number"))


def view_revision(row: MetadataRevision) -> RevisionLine:
    """Return a correction as it is shown."""
    return RevisionLine(
        number=row.number,
        made_at=row.made_at,
        made_by=row.made_by.full_name or row.made_by.username,
        reason=row.reason,
        changes=row.changes,
        accepted_warnings=row.accepted_warnings,
    )
