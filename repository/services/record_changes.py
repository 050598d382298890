"""What instrument and sample records have in common when they are written: who shares them, and their history."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn

from django.db import IntegrityError
from django.utils import timezone

from repository.errors import InvalidMetadataError, PermissionRefusedError, RevisionConflictError
from repository.models import Group, Instrument, Membership, RecordChange, Sample, User
from repository.schema.documents.merge_patch import list_changes
from repository.schema.findings import Finding
from repository.services.audit import record_event

LONGEST_TEXT = 200
LONGEST_NOTE = 1000
SHARING = frozenset({"group", "members_may_edit", "is_open"})
"""Who uses and changes a record: a matter of its owner and of the managers of its laboratory."""


def read_sharing(record: Instrument | Sample) -> dict[str, Any]:
    """Return what a record says of who shares it, as its history has it."""
    return {
        "name": record.name,
        "group": record.group_id,
        "members_may_edit": record.members_may_edit,
        "is_open": record.is_open,
        "is_retired": record.retired_at is not None,
    }


def write_sharing(record: Instrument | Sample, fields: Mapping[str, Any], *, actor: User) -> None:
    """Set what is given of it; call it with the record locked, or new."""
    if "name" in fields:
        record.name = require_text(fields["name"], "/name", "The name")
        if not record.name:
            refuse("/name", "The record has no name.", "Give the name that people use in the laboratory.")
    if "group" in fields and fields["group"] != record.group_id:
        record.group = _find_group(fields["group"], actor)
    for key in ("members_may_edit", "is_open"):
        if key in fields:
            setattr(record, key, fields[key])
    if "is_retired" in fields and fields["is_retired"] != (record.retired_at is not None):
        record.retired_at = timezone.now() if fields["is_retired"] else None


def _find_group(group_id: str | None, actor: User) -> Group | None:
    if not group_id:
        return None
    memberships = Membership.objects.filter(group=group_id, group__closed_at__isnull=True, user=actor)
    membership = memberships.select_related("group").first()
    if membership is None:
        refuse(
            "/group",
            f"You are no member of a group {group_id}.",
            "Choose one of your groups, or leave it empty and keep the record alone.",
        )
    return membership.group


def require_governing(record: Instrument | Sample, fields: Mapping[str, Any], *, may_govern: bool) -> None:
    """Refuse a change of who shares a record to whom may change the rest of it only."""
    given = SHARING & fields.keys()
    former = read_sharing(record)
    if not may_govern and any(fields[key] != former[key] for key in given):
        raise PermissionRefusedError(
            "Who shares a record is decided by its owner and by the managers of its group.",
            hint="Ask one of them; everything else of the record you may change.",
        )


def require_text(text: Any, pointer: str, what: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a text of one line as it is kept."""
    if not isinstance(text, str) or "\x00" in text:
        refuse(pointer, f"{what} is no text.", "Write it in plain letters.")
    kept = " ".join(text.split())
    if len(kept) > longest:
        refuse(pointer, f"{what} has {len(kept)} letters, and {longest} are kept.", "Shorten it.")
    return kept


def refuse(pointer: str, message: str, hint: str) -> NoReturn:
    """Refuse what was given at one place."""
    found = Finding("error", "record_refused", message, pointer, hint)
    raise InvalidMetadataError(message, pointer=pointer, hint=hint, findings=[found])


def refuse_findings(findings: Sequence[Finding]) -> None:
    """Refuse what has findings; nothing without any."""
    if findings:
        first = findings[0]
        raise InvalidMetadataError(first.message, pointer=first.pointer, hint=first.hint, findings=findings)


def require_record_revision(record: Instrument | Sample, expected: Collection[int] | None) -> None:
    """Refuse a change that was made on another state of the record; call it with the record locked."""
    if expected is None or record.revision in expected:
        return
    newest = max(expected, default=-1)
    later = record.changes.filter(number__gt=newest).select_related("by").order_by("number")
    raise RevisionConflictError(
        f"{record.name} was changed since you looked: it is at revision {record.revision}.",
        current={"revision": record.revision},
        changes=[
            {**change, "by": row.by.username, "at": row.at.isoformat(), "revision": row.number}
            for row in later
            for change in row.changes
        ],
        is_all=0 < newest <= record.revision,
    )


def store_change(
    record: Instrument | Sample,
    former: Mapping[str, Any],
    now: Mapping[str, Any],
    *,
    actor: User,
    note: str = "",
    is_new: bool = False,
) -> bool:
    """Write a record down with one line of its history; what changes nothing writes nothing."""
    # Nothing at all, before a record was made and after a preset was taken out, is no change of a field.
    changes = [change.as_dict() for change in list_changes(former, now) if change.pointer]
    if is_new:
        changes = [change for change in changes if change["new"] not in ("", None, False, [], {})]
    if not changes:
        return False
    if not is_new:
        record.revision += 1
    try:
        record.save(force_insert=is_new)
    except IntegrityError as error:
        if "name_once" not in str(error):
            raise
        refuse(
            "/name",
            f"You keep another record named {record.name}.",
            "Change that one, or choose another name.",
        )
    about = {"instrument": record} if isinstance(record, Instrument) else {"sample": record}
    kept = require_text(note, "/note", "The note", longest=LONGEST_NOTE)
    RecordChange.objects.create(number=record.revision, by=actor, changes=changes, note=kept, **about)
    kind = "instrument" if isinstance(record, Instrument) else "sample"
    record_event(
        actor=actor,
        action=f"{kind}.create" if is_new else f"{kind}.change",
        target=record.pk,
        detail={"revision": record.revision},
    )
    return True
