"""Writes to a deposit: its document, its members, its state."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from repository.errors import (
    DepositAlreadyPublishedError,
    DepositBusyError,
    InvalidMetadataError,
    NotFoundError,
    StateConflictError,
)
from repository.models import Dataset, Deposit, DepositMember, User
from repository.models.job import is_answerable
from repository.schema import validate_supplied
from repository.schema.checks.partial_merging import PartialMerge, merge_right_answers
from repository.schema.checks.supplied import read_version
from repository.schema.documents.merge_patch import apply_merge_patch
from repository.schema.documents.pattern_order import follow_order, note_order
from repository.schema.findings import Finding
from repository.schema.versions.in_force import SCHEMA_KEY, list_versions
from repository.schema.versions.steps import UnknownVersionError
from repository.services.audit import record_event
from repository.services.calibration_claims import settle_claims
from repository.services.edits import read_content, record_edit, require_revision
from repository.services.identifiers import reserve_identifiers
from repository.services.jobs import cancel_jobs
from repository.services.offers import take_back_offers
from repository.services.storage import upload_folder
from repository.services.stored_objects import delete_files
from repository.states import BUSY_STATES, DepositMove, DepositState

State = Deposit.State
ReadUntil = Deposit.ReadUntil
LONGEST_TITLE = 500
_ROLES = f"Roles are {', '.join(DepositMember.Role.values)}."


def create_deposit(*, owner: User, title: str = "", document: Mapping[str, Any] | None = None) -> Deposit:
    """Open a draft; its creator is the account and its license CC-BY-4.0 until the person says otherwise."""
    document = read_supplied(document or {})
    _refuse_invalid(document)
    document = settle_claims({}, document)
    if "\x00" in title:
        raise InvalidMetadataError("The title holds a NUL character.", pointer="/title")
    supplied = _with_title(document, title)
    with transaction.atomic():
        deposit = Deposit.objects.create(owner=owner, title=title_of(supplied), document=supplied)
        reserve_identifiers(deposit=deposit, number=1)
        record_event(actor=owner, action="deposit.create", target=deposit.pk)
    return deposit


def lock_deposit(*, deposit_id: str) -> Deposit:
    """Return the deposit locked for this transaction."""
    deposit = Deposit.objects.select_for_update().filter(pk=deposit_id).first()
    if deposit is None:
        raise NotFoundError(f"There is no deposit {deposit_id}.")
    return deposit


def update_deposit(
    *,
    deposit_id: str,
    actor: User,
    patch: Mapping[str, Any] | None = None,
    accepted_warnings: Sequence[Mapping[str, Any]] | None = None,
    expected_revisions: Collection[int] | None = None,
) -> Deposit:
    """Merge changes into the person's document field by field (RFC 7396), or replace the acknowledgements.

    The row is locked from reading to writing: of two changes of different fields none gets lost. What changes nothing
    makes no revision.

    Raises
    ------
    RevisionConflictError
        Somebody else changed the deposit since the revision that was expected.
    InvalidMetadataError
        An answer is wrong; nothing is saved.
    """
    return _update(
        _merge_whole,
        deposit_id=deposit_id,
        actor=actor,
        patch=patch,
        accepted_warnings=accepted_warnings,
        expected_revisions=expected_revisions,
    )[0]


def update_right_answers(
    *,
    deposit_id: str,
    actor: User,
    patch: Mapping[str, Any],
    accepted_warnings: Sequence[Mapping[str, Any]] | None = None,
    expected_revisions: Collection[int] | None = None,
) -> PartialMerge:
    """Merge changes as `update_deposit` does, but for the wrong answers among them, which are told.

    Raises
    ------
    RevisionConflictError
        Somebody else changed the deposit since the revision that was expected.
    InvalidMetadataError
        No answer is right; nothing is saved.
    """
    return _update(
        _merge_right,
        deposit_id=deposit_id,
        actor=actor,
        patch=patch,
        accepted_warnings=accepted_warnings,
        expected_revisions=expected_revisions,
    )[1]


def _update(
    merge: Callable[[Mapping[str, Any], Mapping[str, Any]], PartialMerge],
    *,
    deposit_id: str,
    actor: User,
    patch: Mapping[str, Any] | None,
    accepted_warnings: Sequence[Mapping[str, Any]] | None,
    expected_revisions: Collection[int] | None,
) -> tuple[Deposit, PartialMerge]:
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_answerable(deposit)
        require_revision(deposit, expected_revisions)
        former = read_content(deposit)
        merged = PartialMerge(deposit.document, (), ())
        if patch is not None:
            merged = merge(deposit.document, read_supplied(patch))
            deposit.document = follow_order(settle_claims(deposit.document, merged.document), patch)
            deposit.title = title_of(deposit.document)
        if accepted_warnings is not None:
            stamped = stamp_acknowledgements(accepted_warnings, actor=actor)
            if _words_of(stamped) != _words_of(deposit.accepted_warnings):
                deposit.accepted_warnings = stamped
        if not _is_same(read_content(deposit), former):
            bump_revision(deposit)
            record_edit(deposit, former, actor=actor)
            record_event(actor=actor, action="deposit.update", target=deposit.pk)
    return deposit, merged


def _merge_whole(document: Mapping[str, Any], patch: Mapping[str, Any]) -> PartialMerge:
    merged = apply_merge_patch(document, patch)
    _refuse_invalid(merged)
    return PartialMerge(merged, (), ())


def _merge_right(document: Mapping[str, Any], patch: Mapping[str, Any]) -> PartialMerge:
    merged = merge_right_answers(document, patch)
    if merged.refused and not merged.saved:
        refuse_findings(merged.refused)
    return merged


def _words_of(acknowledged: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what was acknowledged, without who did it and when."""
    return [(entry["code"], entry["note"]) for entry in acknowledged]


def _is_same(new: Mapping[str, Any], former: Mapping[str, Any]) -> bool:
    """Compare as JSON: to Python 1 and true are equal, and patterns in another order."""
    one, other = ({**content, "metadata": note_order(content["metadata"])} for content in (new, former))
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def stamp_acknowledgements(acknowledged: Sequence[Mapping[str, Any]], *, actor: User) -> list[dict[str, str]]:
    """Return acknowledgements of warnings with who gave them and when, one per code."""
    now = timezone.now().isoformat()
    by_code = {
        str(entry["code"]): {
            "code": str(entry["code"]),
            "note": str(entry.get("note") or "")[:2000],
            "by": str(entry.get("by") or actor.username),
            "at": str(entry.get("at") or now),
        }
        for entry in acknowledged
    }
    return list(by_code.values())


def require_open(deposit: Deposit) -> None:
    """Refuse changes while the deposit is being processed or once it is published."""
    if deposit.state == State.PUBLISHED:
        raise DepositAlreadyPublishedError(f"The deposit {deposit.pk} is published and cannot change.")
    if deposit.state in BUSY_STATES:
        raise DepositBusyError(f"The deposit {deposit.pk} is {deposit.get_state_display().lower()}.")


def require_answerable(deposit: Deposit) -> None:
    """Refuse answers about what is published; while the server reads, they are taken like at any other time."""
    if not is_answerable(deposit):
        require_open(deposit)


def bump_revision(deposit: Deposit) -> None:
    """Save the deposit as a new revision; call it with the row locked."""
    deposit.revision += 1
    deposit.save()


def move_deposit(deposit: Deposit, move: DepositMove) -> None:
    """Change the state of a deposit whose row is locked, and save it as a new revision.

    Raises
    ------
    StateConflictError
        There is no such way from the state that it has.
    """
    way = move.value
    here = Deposit.objects.filter(pk=deposit.pk, state=deposit.state)
    if not here.filter(state__in=way.sources).update(state=way.target):
        raise StateConflictError(
            f"The deposit {deposit.pk} was {deposit.get_state_display().lower()} when it was looked at, "
            f"and cannot become {DepositState(way.target).label.lower()}."
        )
    deposit.state = way.target
    bump_revision(deposit)


def move_if_possible(*, deposit_id: str, move: DepositMove) -> bool:
    """Change the state of a deposit where there is the way from what it has now; of two who try, one does."""
    changes: dict[str, Any] = {
        "state": move.value.target,
        "revision": F("revision") + 1,
        "updated_at": timezone.now(),
    }
    return bool(Deposit.objects.filter(pk=deposit_id, state__in=move.value.sources).update(**changes))


def settle_state(deposit: Deposit, new: str) -> None:
    """Move a deposit whose row is locked to the state in which its reading stands, where that is another."""
    settling = (
        DepositMove.BEGIN_READING,
        DepositMove.READ_AGAIN,
        DepositMove.FIND_OBSTACLES,
        DepositMove.FIND_READY,
    )
    if new != deposit.state:
        ways = (move for move in settling if move.value.target == new and deposit.state in move.value.sources)
        move_deposit(deposit, next(ways))


def mark_submitted(*, deposit_id: str, actor: User, until: str = ReadUntil.CONVERTED) -> Deposit:
    """Hand the deposit in: from here the server reads it, as far as is asked for."""
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_open(deposit)
        unfinished = [file.path for file in deposit.current_files.filter(state="uploading")[:5]]
        if unfinished:
            raise StateConflictError(
                f"These files are not uploaded yet: {', '.join(unfinished)}.",
                hint="Finish or delete the uploads, then hand in the deposit.",
            )
        deposit.read_until = until
        deposit.submitted_at = Now()
        move_deposit(deposit, DepositMove.SUBMIT)
        record_event(actor=actor, action="deposit.submit", target=deposit.pk)
    return deposit


def reopen_draft(deposit: Deposit) -> None:
    """Return a read deposit to the drafts because its files changed; call it with the row locked."""
    require_open(deposit)
    move_deposit(deposit, DepositMove.CHANGE_FILES)


def delete_deposit(
    *, deposit_id: str, actor: User, expected_revisions: Collection[int] | None = None
) -> None:
    """Remove a draft that was never published, with its uploads; its stored bytes are collected later.

    A draft that was handed in only to be checked can be removed while that goes on.

    Raises
    ------
    RevisionConflictError
        Somebody else changed it since the revision that was expected.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_revision(deposit, expected_revisions)
        if not _is_being_checked(deposit):
            require_open(deposit)
        if Dataset.objects.filter(deposit=deposit).exists():
            raise DepositAlreadyPublishedError(
                f"The deposit {deposit.pk} has a published version; what is published is never deleted."
            )
        cancel_jobs(deposit)
        record_event(actor=actor, action="deposit.delete", target=deposit.pk, detail={"title": deposit.title})
        deposit.measurements.all().delete()
        transfers = delete_files(deposit.files.all(), owner=deposit.owner)
        deposit.identifiers.filter(state="reserved").delete()
        deposit.delete()
    remove_transfers(transfers)


def _is_being_checked(deposit: Deposit) -> bool:
    """Return whether the deposit was handed in only to be checked; such a reading may be broken off."""
    return deposit.state in BUSY_STATES and deposit.read_until == ReadUntil.OPENED


def remove_transfers(transfers: Iterable[str]) -> None:
    """Remove the bytes of transfers that no row names any more."""
    for transfer in transfers:
        (upload_folder() / transfer).unlink(missing_ok=True)


def add_member(
    *, deposit_id: str, actor: User, username: str, role: str = DepositMember.Role.EDIT
) -> DepositMember:
    """Make somebody a co-owner, or change what a co-owner may do.

    The answer is the same whether or not an account has the name. A name that none has stays without rights, also when
    somebody takes it later, until the owner writes it again.
    """
    if role not in DepositMember.Role.values:
        raise InvalidMetadataError(f"There is no role {role[:40]!r}.", pointer="/role", hint=_ROLES)
    if not username or "\x00" in username:
        raise InvalidMetadataError("Nobody is named.", pointer="/username", hint="Write a user name.")
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        user = User.objects.filter(username=username, is_active=True).first()
        if user is not None and user.pk == deposit.owner_id:
            raise StateConflictError(f"{username} is the owner of this deposit already.")
        member, _ = DepositMember.objects.update_or_create(
            deposit=deposit, name=username, defaults={"user": user, "role": role}
        )
        detail = {"user": username, "role": role}
        record_event(actor=actor, action="deposit.add_member", target=deposit.pk, detail=detail)
        if user is not None:
            take_back_offers(deposit_ids=[deposit.pk], user=user, actor=actor)
    return member


def remove_member(*, deposit_id: str, actor: User, username: str) -> None:
    """Take a co-owner's rights away, and what the co-owner offered to others; the owner stays."""
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        member = deposit.memberships.select_related("user").filter(name=username).first()
        if member is None:
            raise NotFoundError(f"{username} is no co-owner of this deposit.", hint="Reload the deposit.")
        member.delete()
        record_event(
            actor=actor, action="deposit.remove_member", target=deposit.pk, detail={"user": username}
        )
        if member.user is not None:
            take_back_offers(deposit_ids=[deposit.pk], user=member.user, actor=actor)


def _with_title(document: dict[str, Any], title: str) -> dict[str, Any]:
    if not title:
        return document
    return {**document, "dataset": {**document.get("dataset", {}), "title": title}}


def title_of(document: Mapping[str, Any]) -> str:
    dataset = document.get("dataset")
    title = dataset.get("title", "") if isinstance(dataset, Mapping) else ""
    return title.strip()[:LONGEST_TITLE] if isinstance(title, str) else ""


def read_supplied(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person sent in the words of the schema in force; it may name the version it was written for."""
    try:
        return read_version(document).document
    except UnknownVersionError as error:
        hint = f"Versions are {', '.join(list_versions())}. Without the line it is the newest."
        raise InvalidMetadataError(str(error), pointer=f"/{SCHEMA_KEY}", hint=hint) from error


def _refuse_invalid(document: Mapping[str, Any]) -> None:
    """Refuse a document whose frame is wrong; its values are judged when the deposit is validated."""
    findings = validate_supplied(document)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        refuse_findings(errors)


def refuse_findings(errors: Sequence[Finding]) -> NoReturn:
    first = errors[0]
    raise InvalidMetadataError(first.message, pointer=first.pointer, hint=first.hint, findings=errors)
