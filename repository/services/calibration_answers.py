"""A calibration taken for measurements of a deposit by one act: copied by value, undone like answers (ADR 0050)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from repository.models import Deposit, Measurement, User
from repository.schema.checks.cell_values import format_entry
from repository.schema.checks.cells import build_tag
from repository.schema.checks.taken_calibrations import TakenCalibration, consult_calibration
from repository.schema.versions.steps import move_document
from repository.services.answer_writes import AnswerResult, Draft
from repository.services.answers import TableChange, fill_answers
from repository.services.judgements import NOT_READ, list_open_measurements, select_layers


def take_calibration(
    *,
    deposit_id: str,
    actor: User,
    taken: TakenCalibration,
    keys: Sequence[str] | None = None,
    stands_over: bool = False,
    is_dry_run: bool = False,
) -> TableChange:
    """Take a calibration for measurements, below what their files say, or over that where the person says so.

    Parameters
    ----------
    keys
        Ids of measurements; without them all for which it is meant, but not those of another instrument.
    stands_over
        Whether it holds also where the header, or an answer for the file, says something else.
    """

    def fill(deposit: Deposit, draft: Draft) -> list[AnswerResult]:
        rows = list_open_measurements(deposit)
        if keys is not None:
            rows = rows.filter(pk__in=keys)
        results = [
            _take(draft, deposit, row, taken, stands_over=stands_over, is_chosen=keys is not None)
            for row in rows
        ]
        known = {result.key for result in results}
        return [*results, *_refuse_others(taken.quantity, [key for key in keys or () if key not in known])]

    return fill_answers(deposit_id=deposit_id, actor=actor, fill=fill, is_dry_run=is_dry_run)


def _take(
    draft: Draft,
    deposit: Deposit,
    row: Measurement,
    taken: TakenCalibration,
    *,
    stands_over: bool,
    is_chosen: bool,
) -> AnswerResult:
    field, path = taken.quantity, row.primary_file.path
    level = "measurement" if stands_over else "calibration"
    old = draft.read(level, path, field)
    was = format_entry(field, old)
    result = AnswerResult(field, level, row.pk, "refused", path=path, was=was, text=was, tag=build_tag(old))
    if row.state in NOT_READ and not row.extracted:
        hint = "Take the calibration once the file was read."
        return replace(result, code="not_read", message="The file is not read yet.", hint=hint)
    says = consult_calibration(
        taken,
        header=move_document(row.extracted, since=row.schema_version).document,
        layers=select_layers(row, deposit.document),
        signals=row.shapes,
        stands_over=stands_over,
        is_chosen=is_chosen,
    )
    if says.refusal is not None:
        one = says.refusal
        return replace(result, code=one.code, message=one.message, hint=one.hint)
    draft.write(level, path, field, taken.entry)
    if stands_over:
        draft.write("calibration", path, field, None)
    draft.write("differs", path, field, None)
    return replace(
        result,
        result="unchanged" if build_tag(old) == build_tag(taken.entry) else "saved",
        text=format_entry(field, taken.entry),
        tag=build_tag(taken.entry),
        message=says.note,
    )


def _refuse_others(field: str, keys: Sequence[str]) -> Iterator[AnswerResult]:
    """Say of what was named that it cannot be answered for."""
    for key in keys:
        yield AnswerResult(
            field,
            "calibration",
            key,
            "refused",
            code="not_found",
            message="The deposit has no such measurement that may still change.",
            hint="What is published keeps its calibration; correct it, or make a new version.",
        )
