"""Corrections after publishing: a metadata revision of a version, which stays as it is (ADR 0048)."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from repository.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPublishableError,
    RevisionConflictError,
    WithdrawnError,
)
from repository.models import DatasetVersion, Deposit, MetadataRevision, SearchEntry, User
from repository.models.revision import Description, read_description
from repository.schema.documents.merge_patch import ABSENT, flatten, list_changes
from repository.schema.documents.pattern_order import note_order
from repository.schema.findings import Finding as Found
from repository.schema.findings import group_findings
from repository.schema.places import escape_pointer
from repository.schema.versions.in_force import VERSION_IN_FORCE
from repository.services.audit import record_event
from repository.services.deposits import (
    State,
    bump_revision,
    lock_deposit,
    stamp_acknowledgements,
    title_of,
)
from repository.services.edits import read_content, record_edit
from repository.services.facts import index_version
from repository.services.revision_plans import RevisionPlan, plan_revision

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would change, what the checks newly find in it, and what of that stands in its way."""

    plan: RevisionPlan
    findings: tuple[Found, ...]
    obstacles: tuple[Found, ...]


def preview_revision(
    *,
    dataset_id: str,
    number: int,
    patch: Mapping[str, Any],
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> Preview:
    """Return what a correction would change; nothing is written.

    Raises
    ------
    RepositoryError
        As `revise_version`, but for obstacles, which are told.
    """
    version, deposit = _get_version(dataset_id, number)
    plan = _plan(version, deposit, patch, expected_revisions)
    obstacles = _list_obstacles(plan, accept_warnings)
    return Preview(plan, tuple(group_findings(plan.found)), tuple(obstacles))


def revise_version(
    *,
    dataset_id: str,
    number: int,
    actor: User,
    patch: Mapping[str, Any],
    reason: str,
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> MetadataRevision:
    """Correct what a published version says; its bytes, arrays, ids and everything that was published stay.

    The deposit is locked from reading to writing: of two corrections of different fields at once none gets lost. What
    the deposit holds for its next version is corrected too, where nobody has said something else there since.

    Raises
    ------
    InvalidMetadataError
        There is no reason, or the correction cannot be read.
    NotPublishableError
        With the correction the checks find an error, or a warning that is not acknowledged, that was not there before.
    RevisionNeedsVersionError, RevisionChangesNothingError
        As `plan_revision`.
    RevisionConflictError
        Somebody else corrected the version since the revision that was expected.
    WithdrawnError
        Only the tombstone is left.
    """
    reason = _read_reason(reason)
    with transaction.atomic():
        lock_deposit(deposit_id=dataset_id)
        version, deposit = _get_version(dataset_id, number)
        plan = _plan(version, deposit, patch, expected_revisions)
        obstacles = _list_obstacles(plan, accept_warnings)
        if obstacles:
            raise NotPublishableError(
                f"The correction of {version} brings what was not there before: {obstacles[0].message}",
                hint="Correct the errors; acknowledge the warnings, each with its code, where they are right.",
                findings=obstacles,
            )
        stamped = stamp_acknowledgements(accept_warnings, actor=actor)
        revision = MetadataRevision.objects.create(
            version=version,
            number=plan.number,
            made_by=actor,
            reason=reason,
            schema_version=VERSION_IN_FORCE,
            supplied=plan.supplied,
            document=plan.document,
            measurements=plan.entries,
            changes=plan.changes,
            accepted_warnings=stamped,
        )
        _carry_over(deposit, version, plan, actor=actor)
        if SearchEntry.objects.filter(dataset_id=dataset_id, version=version).exists():
            index_version(version=version)
        record_event(
            actor=actor,
            action="version.revise",
            target=dataset_id,
            detail={"number": number, "revision": revision.number, "reason": reason},
        )
    return revision


def _get_version(dataset_id: str, number: int) -> tuple[DatasetVersion, Deposit]:
    versions = DatasetVersion.objects.select_related("dataset__deposit__owner")
    version = versions.filter(dataset_id=dataset_id, number=number).first()
    if version is None:
        raise NotFoundError(f"There is no version {number} of the dataset {dataset_id}.")
    if version.state == DatasetVersion.State.WITHDRAWN:
        raise WithdrawnError(
            f"Version {number} of {dataset_id} was withdrawn: its tombstone is final, and is not corrected.",
            hint="Publish a new version; the page of the withdrawn one leads to it.",
        )
    return version, version.dataset.deposit


def _plan(
    version: DatasetVersion,
    deposit: Deposit,
    patch: Mapping[str, Any],
    expected: Collection[int] | None,
) -> RevisionPlan:
    before = read_description(version)
    if expected is not None and before.newest not in expected:
        raise _describe_conflict(version, before, expected)
    return plan_revision(version=version, before=before, deposit=deposit, patch=patch)


def _describe_conflict(
    version: DatasetVersion, before: Description, expected: Collection[int]
) -> RevisionConflictError:
    newest = max(expected, default=-1)
    made_on = f"revision {newest}" if expected else "none that it had"
    later = version.revisions.filter(number__gt=newest).select_related("made_by").order_by("number")
    return RevisionConflictError(
        f"{version} is at revision {before.newest}; the correction was made on {made_on}.",
        current={
            "revision": before.newest,
            "state": version.state,
            "metadata": before.supplied or {},
            "acknowledged_warnings": version.accepted_warnings,
        },
        changes=[
            {
                "pointer": _locate(change),
                **{side: change[side] for side in ("old", "new") if side in change},
                "by": revision.made_by.username,
                "at": revision.made_at.isoformat(),
                "revision": revision.number,
            }
            for revision in later
            for change in revision.changes
        ],
        is_all=True,
    )


def _locate(change: Mapping[str, Any]) -> str:
    field = "/".join(escape_pointer(part) for part in change["field"].split("."))
    if not change["measurement"]:
        return f"/metadata/dataset/{field}"
    return f"/metadata/measurements/{escape_pointer(change['path'])}/{field}"


def _list_obstacles(plan: RevisionPlan, accepted: Iterable[Mapping[str, Any]]) -> list[Found]:
    codes = {str(entry["code"]) for entry in accepted}
    return group_findings(
        (path, measurement, one)
        for path, measurement, one in plan.found
        if one.severity == "error" or (one.severity == "warning" and one.code not in codes)
    )


def _carry_over(deposit: Deposit, version: DatasetVersion, plan: RevisionPlan, *, actor: User) -> None:
    """Correct what the next version begins with; where a draft says something else since, that stays."""
    if version.dataset.versions.filter(number__gt=version.number).exists():
        return
    former = read_content(deposit)
    if deposit.state == State.PUBLISHED or plan.before.supplied is None:
        deposit.document = dict(plan.supplied)
        deposit.schema_version = VERSION_IN_FORCE
    else:
        deposit.document = _merge_into_draft(deposit.document, plan.before.supplied, plan.supplied)
    if json.dumps(note_order(deposit.document), sort_keys=True) == json.dumps(
        note_order(former["metadata"]), sort_keys=True
    ):
        return
    deposit.title = title_of(deposit.document)
    bump_revision(deposit)
    record_edit(deposit, former, actor=actor)


def _merge_into_draft(
    draft: Mapping[str, Any], former: Mapping[str, Any], corrected: Mapping[str, Any]
) -> dict[str, Any]:
    said = flatten(draft)
    merged: Any = dict(draft)
    for change in list_changes(former, corrected):
        now = said.get(change.pointer, ABSENT)
        is_untouched = now is change.old or (
            now is not ABSENT and change.old is not ABSENT and not list_changes({"": now}, {"": change.old})
        )
        if is_untouched:
            merged = _place(merged, change.pointer, change.new)
    return dict(merged)


def _place(document: Any, pointer: str, value: Any) -> Any:
    """Return the document with a value at a JSON pointer; what is absent is taken out, and what is no group stays."""
    head, _, rest = pointer[1:].partition("/")
    key = head.replace("~1", "/").replace("~0", "~")
    kept = dict(document)
    if rest:
        child = kept.get(key, {})
        if isinstance(child, Mapping):
            kept[key] = _place(child, f"/{rest}", value)
            if not kept[key]:
                del kept[key]
    elif value is ABSENT:
        kept.pop(key, None)
    else:
        kept[key] = value
    return kept


def _read_reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise InvalidMetadataError(
            f"A correction needs a reason of at most {LONGEST_REASON} characters.",
            pointer="/reason",
            hint="The reason is shown to readers in the history of the version.",
        )
    return reason
