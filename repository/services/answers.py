"""Answers of the session's table: many at once, each by itself, undone by the change that made them (ADR 0039)."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import AnswerChange, Deposit, Measurement, User
from repository.schema import SignalShape
from repository.schema.checks.cell_values import CellRefusedError, find_field, format_entry
from repository.schema.checks.cells import build_tag
from repository.schema.questions.fields import load_catalogue
from repository.services.answer_writes import AnswerResult, Draft, Target, Wish, WrittenAnswer, decide
from repository.services.audit import record_event
from repository.services.calibration_claims import settle_claims
from repository.services.deposits import bump_revision, lock_deposit, require_answerable
from repository.services.edits import read_content, record_edit

MOST_ANSWERS = 60_000  # of one change: 3,000 files with 20 columns
MOST_CHANGES = 100  # kept of a deposit to be undone
_NO_MEASUREMENT = CellRefusedError(
    "not_found", "The deposit has no such measurement any more.", "Reload the table."
)
_NO_KIND = CellRefusedError("not_found", "No measurement is of this kind.", "Confirm the techniques first.")


@dataclass(frozen=True, slots=True)
class TableChange:
    """What came of a change of the table.

    Attributes
    ----------
    id
        By which it is undone; None where nothing was written.
    measurement_ids
        Those about which it may say something else than before.
    """

    id: uuid.UUID | None
    revision: int
    results: tuple[AnswerResult, ...]
    measurement_ids: tuple[str, ...] = ()

    def count(self, result: str) -> int:
        """Return how many answers came out like this."""
        return sum(one.result == result for one in self.results)


def write_answers(
    *, deposit_id: str, actor: User, wishes: Sequence[Wish], is_dry_run: bool = False
) -> TableChange:
    """Write many answers; what one refuses holds none of the others back.

    The row is locked from reading to writing, and only the fields that are named are touched: of two people who answer
    different fields at the same moment none loses anything, and of two who answer the same one the later is told where
    it says what it had seen.
    """
    _refuse_too_many(sum(max(1, len(wish.keys)) for wish in wishes))
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_answerable(deposit)
        targets = _list_targets(deposit, wishes)
        kinds = _list_kinds(deposit) if any(wish.level == "kind" for wish in wishes) else set()
        draft = Draft(deposit.document)
        results = [
            _decide(wish, key, targets, kinds, draft)
            for wish in wishes
            for key in (wish.keys if wish.level != "all" else ("",))
        ]
        if is_dry_run or not draft.written:
            return TableChange(None, deposit.revision, tuple(results))
        change = _store(deposit, draft, actor=actor)
    return TableChange(change.pk, deposit.revision, tuple(results), _list_concerned(deposit, draft.written))


def fill_answers(
    *,
    deposit_id: str,
    actor: User,
    fill: Callable[[Deposit, Draft], Sequence[AnswerResult]],
    is_dry_run: bool = False,
) -> TableChange:
    """Write answers that are worked out while the row is locked, as one change that is undone by its id.

    Parameters
    ----------
    fill
        Writes into the draft, and says what came of each answer.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_answerable(deposit)
        draft = Draft(deposit.document)
        results = tuple(fill(deposit, draft))
        _refuse_too_many(len(draft.written))
        if is_dry_run or not draft.written:
            return TableChange(None, deposit.revision, results)
        change = _store(deposit, draft, actor=actor)
    return TableChange(change.pk, deposit.revision, results, _list_concerned(deposit, draft.written))


def _refuse_too_many(count: int) -> None:
    if count > MOST_ANSWERS:
        raise InvalidMetadataError(
            f"{count:,} answers are more than one change takes ({MOST_ANSWERS:,}).",
            hint="Send them in several changes.",
        )


def _decide(
    wish: Wish, key: str, targets: Mapping[str, Target], kinds: Collection[str], draft: Draft
) -> AnswerResult:
    missing = None
    if wish.level == "measurement" and key not in targets:
        missing = _NO_MEASUREMENT
    elif wish.level == "kind" and key not in kinds:
        missing = _NO_KIND
    if missing is None:
        return decide(wish, key, targets.get(key), draft)
    return AnswerResult(
        wish.field,
        wish.level,
        key,
        "refused",
        code=missing.code,
        message=missing.message,
        hint=missing.hint,
    )


def _list_targets(deposit: Deposit, wishes: Sequence[Wish]) -> dict[str, Target]:
    """Return the measurements that are answered for; of their documents only as much as the fields need."""
    named = {key for wish in wishes if wish.level == "measurement" for key in wish.keys}
    if not named:
        return {}
    rows = deposit.current_measurements.filter(pk__in=named)
    # The deposit is among them: without, it would be fetched again for each measurement.
    seen = ("id", "deposit", "kind", "cells", "document", "primary_file__path")
    rows = rows.select_related("primary_file").only(*seen)
    if any(wish.field == "technique" for wish in wishes):
        rows = rows.prefetch_related("signals")
        return {row.pk: replace(_build_target(row), signals=_list_shapes(row)) for row in rows}
    return {row.pk: _build_target(row) for row in rows}


def _build_target(row: Measurement) -> Target:
    return Target(row.pk, row.primary_file.path, row.kind, row.cells, row.document)


def _list_shapes(row: Measurement) -> tuple[SignalShape, ...]:
    return tuple(
        SignalShape.from_dict({"name": signal.name, "axes": signal.axes}) for signal in row.signals.all()
    )


def _list_kinds(deposit: Deposit) -> set[str]:
    return set(deposit.current_measurements.exclude(kind="").values_list("kind", flat=True).distinct())


def _store(deposit: Deposit, draft: Draft, *, actor: User) -> AnswerChange:
    """Write the document down, with what was changed and by whom; call it with the row locked."""
    former = read_content(deposit)
    deposit.document = settle_claims(deposit.document, draft.document)
    bump_revision(deposit)
    record_edit(deposit, former, actor=actor)
    change = AnswerChange.objects.create(
        deposit=deposit,
        revision=deposit.revision,
        by=actor,
        answers=[written.as_dict() for written in draft.written],
    )
    kept = deposit.answer_changes.order_by("-revision").values_list("revision", flat=True)
    too_old = list(kept[MOST_CHANGES : MOST_CHANGES + 1])
    if too_old:
        deposit.answer_changes.filter(revision__lte=too_old[0]).delete()
    record_event(
        actor=actor, action="deposit.answer", target=deposit.pk, detail={"answers": len(draft.written)}
    )
    return change


def _list_concerned(deposit: Deposit, written: Iterable[WrittenAnswer]) -> tuple[str, ...]:
    """Return the measurements of which an answer speaks: all, those of a kind, or those of the files."""
    places = {(one.level, one.key) for one in written}
    measurements = deposit.current_measurements
    if not any(level == "all" for level, _ in places):
        paths = [key for level, key in places if level != "kind"]
        kinds = [key for level, key in places if level == "kind"]
        measurements = measurements.filter(primary_file__path__in=paths) | measurements.filter(kind__in=kinds)
    return tuple(measurements.values_list("pk", flat=True))


def undo_change(*, deposit_id: str, actor: User, change_id: uuid.UUID) -> TableChange:
    """Put back what stood before a change, answer by answer, but not over what was answered since.

    Undoing is a change like any other: it is undone by its own id.

    Raises
    ------
    NotFoundError
        The deposit has no such change, or it is so old that it is not kept.
    """
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_answerable(deposit)
        change = deposit.answer_changes.filter(pk=change_id).first()
        if change is None:
            raise NotFoundError(
                f"The deposit {deposit_id} has no change {change_id} that can be undone.",
                hint=f"The newest {MOST_CHANGES} changes are kept.",
            )
        draft = Draft(deposit.document)
        ids = dict(deposit.current_measurements.values_list("primary_file__path", "pk"))
        later: dict[tuple[str, str, str], AnswerChange] | None = None
        results = []
        for answer in reversed(change.answers):
            written = WrittenAnswer(**answer)
            now = draft.read(written.level, written.key, written.field)
            if build_tag(now) == build_tag(written.new):
                draft.write(written.level, written.key, written.field, written.old)
                results.append(_describe_undone(written, ids, written.old))
                continue
            later = _list_later(change) if later is None else later
            results.append(_refuse_undoing(written, ids, now, later))
        if not draft.written:
            return TableChange(None, deposit.revision, tuple(results))
        undone = _store(deposit, draft, actor=actor)
    return TableChange(undone.pk, deposit.revision, tuple(results), _list_concerned(deposit, draft.written))


def _list_later(change: AnswerChange) -> dict[tuple[str, str, str], AnswerChange]:
    """Return the newest change of each answer that came after this one."""
    newer = AnswerChange.objects.filter(deposit=change.deposit_id, revision__gt=change.revision)
    return {
        (answer["level"], answer["key"], answer["field"]): one
        for one in newer.select_related("by").order_by("revision")
        for answer in one.answers
    }


def _describe_undone(written: WrittenAnswer, ids: Mapping[str, str], now: Any) -> AnswerResult:
    is_single = written.level in {"measurement", "differs", "instrument", "calibration"}
    is_entry = written.level != "differs"
    return AnswerResult(
        written.field,
        "measurement" if is_single else written.level,
        ids.get(written.key, "") if is_single else written.key,
        "saved",
        path=written.key if is_single else "",
        was=format_entry(written.field, written.new) if is_entry else "",
        text=format_entry(written.field, now) if is_entry else "",
        tag=build_tag(now) if is_entry else "",
    )


def _find_title(written: WrittenAnswer) -> str:
    if written.level == "dataset":
        field = load_catalogue().fields("dataset").get(written.field)
        return field.title if field is not None else written.field
    return find_field(written.field).title


def _refuse_undoing(
    written: WrittenAnswer,
    ids: Mapping[str, str],
    now: Any,
    later: Mapping[tuple[str, str, str], AnswerChange],
) -> AnswerResult:
    other = later.get((written.level, written.key, written.field))
    who = other.by.username if other is not None else "Somebody"
    shown = format_entry(written.field, now) if written.level != "differs" else ""
    done = f"answered {shown}" if shown else "changed it"
    place = written.key or "all files"
    return replace(
        _describe_undone(written, ids, now),
        result="refused",
        code="changed_since",
        message=f"{_find_title(written)} of {place} stays: {who} {done} since.",
        hint="Look at it, and answer again if it is wrong.",
    )
