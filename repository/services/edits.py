"""The edits of a deposit's document, kept for whoever made a change on an older revision: what changed meanwhile."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from repository.errors import RevisionConflictError
from repository.models import Deposit, DepositEdit, User
from repository.schema.documents.merge_patch import ABSENT, FieldChange, flatten, list_changes

MOST_EDITS = 50
LONGEST_EDIT = (
    64_000  # characters of JSON; with the number of edits it bounds what a deposit costs beside its document
)

Content = Mapping[str, Any]


def read_content(deposit: Deposit) -> Content:
    """Return what persons write in a deposit, in the words of the API."""
    return {"metadata": deposit.document, "acknowledged_warnings": deposit.accepted_warnings}


def record_edit(deposit: Deposit, former: Content, *, actor: User) -> None:
    """Keep what an edit changed, by the revision that it made; call it with the row locked and the revision bumped.

    Only the newest edits are kept, and none that is too long: from `edits_since` on all of them are.
    """
    changes = [change.as_dict() for change in list_changes(former, read_content(deposit))]
    if not changes:
        return
    if len(json.dumps(changes)) > LONGEST_EDIT:
        forget_edits(deposit)
        return
    DepositEdit.objects.create(deposit=deposit, revision=deposit.revision, by=actor, changes=changes)
    too_old = list(deposit.edits.order_by("-revision").values_list("revision", flat=True)[MOST_EDITS:])
    if too_old:
        deposit.edits.filter(revision__lte=too_old[0]).delete()
        _forget_until(deposit, too_old[0])


def forget_edits(deposit: Deposit) -> None:
    """Keep no edit up to the revision that is there: whoever made theirs on an older one compares with what is there.

    Call it with the row locked and the revision bumped.
    """
    deposit.edits.all().delete()
    _forget_until(deposit, deposit.revision)


def _forget_until(deposit: Deposit, revision: int) -> None:
    deposit.edits_since = revision
    Deposit.objects.filter(pk=deposit.pk).update(edits_since=revision)


def require_revision(deposit: Deposit, expected: Collection[int] | None) -> None:
    """Refuse a change that was made on another state of the deposit than one of these, and say what is there now.

    Call it with the row locked.

    Raises
    ------
    RevisionConflictError
        With the current state and what changed since the newest revision that was expected.
    """
    if expected is None or deposit.revision in expected:
        return
    newest = max(expected, default=-1)
    made_on = f"revision {newest}" if expected else "none that this deposit had"
    raise RevisionConflictError(
        f"The deposit {deposit.pk} is at revision {deposit.revision}; the change was made on {made_on}.",
        current={"revision": deposit.revision, "state": deposit.state, **read_content(deposit)},
        changes=_list_changes_since(deposit, newest),
        is_all=deposit.edits_since <= newest <= deposit.revision,
    )


def _list_changes_since(deposit: Deposit, revision: int) -> list[dict[str, Any]]:
    """Return every place that is other than it was, with who changed it last."""
    first: dict[str, Any] = {}
    last: dict[str, DepositEdit] = {}
    for edit in deposit.edits.filter(revision__gt=revision).select_related("by").order_by("revision"):
        for change in edit.changes:
            first.setdefault(change["pointer"], change.get("old", ABSENT))
            last[change["pointer"]] = edit
    now = flatten(read_content(deposit))
    changes = [FieldChange(pointer, old, now.get(pointer, ABSENT)) for pointer, old in sorted(first.items())]
    return [
        {
            **change.as_dict(),
            "by": last[change.pointer].by.username,
            "at": last[change.pointer].at.isoformat(),
            "revision": last[change.pointer].revision,
        }
        for change in changes
        if not _is_nothing(change)
    ]


def _is_nothing(change: FieldChange) -> bool:
    """Return whether it is as it was again, or only a group without fields came or went."""
    is_same = change.old is change.new or change.old == change.new
    return is_same or all(side is ABSENT or side == {} for side in (change.old, change.new))
