"""Answers taken from records by one click: what an instrument or a sample is known to be, and what was said last time.

Values are copied into the deposit's document: a record that changes later changes nothing that it gave (ADR 0049).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from repository.models import Deposit, User
from repository.schema.checks.cell_values import format_entry
from repository.schema.checks.cells import build_tag
from repository.schema.documents.instrument_layer import InstrumentIdentity, RecordSays, consult_record
from repository.schema.documents.last_answers import LastAnswer
from repository.schema.documents.presets import PresetBook, list_entries
from repository.schema.versions.steps import move_document
from repository.services.answer_writes import AnswerResult, Draft
from repository.services.answers import TableChange, fill_answers
from repository.services.judgements import NOT_READ, list_open_measurements, select_layers


def take_from_instrument(
    *,
    deposit_id: str,
    actor: User,
    record: InstrumentIdentity,
    book: PresetBook,
    chosen: Sequence[str] = (),
    keys: Collection[str] | None = None,
    is_dry_run: bool = False,
) -> TableChange:
    """Have an instrument record say of measurements what its presets know, below everything that a person answers.

    Parameters
    ----------
    chosen
        Ids of presets whose conditions nobody said: the person knows that they held.
    keys
        Ids of measurements. Without them: those whose header names the instrument, and those whose header names no
        microscope, unless another record spoke of them before.
    """

    def fill(deposit: Deposit, draft: Draft) -> list[AnswerResult]:
        rows = list_open_measurements(deposit)
        if keys is not None:
            rows = rows.filter(pk__in=keys)
        results: list[AnswerResult] = []
        for row in rows:
            if row.state in NOT_READ and not row.extracted:
                continue
            says = consult_record(
                record,
                book,
                header=move_document(row.extracted, since=row.schema_version).document,
                layers=select_layers(row, deposit.document),
                chosen=chosen,
            )
            if keys is not None or says.is_meant:
                results += _write_said(draft, row.pk, row.primary_file.path, says)
        return results

    return fill_answers(deposit_id=deposit_id, actor=actor, fill=fill, is_dry_run=is_dry_run)


def _write_said(draft: Draft, key: str, path: str, says: RecordSays) -> Iterable[AnswerResult]:
    """Put what a record says in the place of what a record said before."""
    for field in dict.fromkeys([*says.former, *says.entries]):
        old, new = draft.read("instrument", path, field), says.entries.get(field)
        draft.write("instrument", path, field, new)
        yield AnswerResult(
            field,
            "instrument",
            key,
            "unchanged" if build_tag(old) == build_tag(new) else "saved",
            path=path,
            was=format_entry(field, old),
            text=format_entry(field, new),
            tag=build_tag(new),
        )


def take_from_sample(
    *,
    deposit_id: str,
    actor: User,
    values: Mapping[str, Any],
    keys: Collection[str] | None = None,
    is_dry_run: bool = False,
) -> TableChange:
    """Answer with a sample record, for all or for chosen measurements; what the record does not say stays as it is.

    Parameters
    ----------
    values
        Fields of `sample`, its id and name among them.
    keys
        Ids of measurements; without them it is said for all, and fills what their headers do not say.
    """
    entries = list_entries({"sample": dict(values)})

    def fill(deposit: Deposit, draft: Draft) -> list[AnswerResult]:
        if keys is None:
            return [_write(draft, "all", "", "", field, entry) for field, entry in entries.items()]
        rows = list_open_measurements(deposit).filter(pk__in=keys)
        return [
            _write(draft, "measurement", row.pk, row.primary_file.path, field, entry)
            for row in rows
            for field, entry in entries.items()
        ]

    return fill_answers(deposit_id=deposit_id, actor=actor, fill=fill, is_dry_run=is_dry_run)


def take_from_last(
    *, deposit_id: str, actor: User, answers: Sequence[LastAnswer], is_dry_run: bool = False
) -> TableChange:
    """Answer what is empty as it was answered before; what is answered here stays."""

    def fill(_: Deposit, draft: Draft) -> list[AnswerResult]:
        return [
            _write(draft, one.level, one.key, one.key, one.field, one.entry)
            for one in answers
            if draft.read(one.level, one.key, one.field) is None
        ]

    return fill_answers(deposit_id=deposit_id, actor=actor, fill=fill, is_dry_run=is_dry_run)


def _write(draft: Draft, level: str, key: str, place: str, field: str, entry: Any) -> AnswerResult:
    old = draft.read(level, place, field)
    draft.write(level, place, field, entry)
    return AnswerResult(
        field,
        level,
        key,
        "unchanged" if build_tag(old) == build_tag(entry) else "saved",
        path=place if level == "measurement" else "",
        was=format_entry(field, old),
        text=format_entry(field, entry),
        tag=build_tag(entry),
    )
