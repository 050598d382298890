"""Writes to calibrations of instrument and sample records: numbers are only ever added."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from repository.errors import NotFoundError
from repository.models import Calibration, Instrument, Sample, User
from repository.schema.checks.carried_calibrations import CALIBRATED_FIELDS
from repository.schema.checks.cell_values import CellRefusedError
from repository.schema.checks.preset_checks import read_conditions
from repository.schema.checks.taken_calibrations import METHODS, CalibrationSources, read_value
from repository.schema.questions.fields import load_catalogue
from repository.services.record_changes import (
    LONGEST_NOTE,
    refuse,
    refuse_findings,
    require_record_revision,
    require_text,
    store_change,
)

MOST_CALIBRATIONS = 10_000
LONGEST_FROM = 500


@dataclass(frozen=True, slots=True)
class CalibrationWish:
    """One number of a calibration as a person gives it; what is None is as in the number before.

    Attributes
    ----------
    value
        As it is typed, such as "0.2 ± 0.01 nm", or as documents have it.
    sources
        What it was calibrated from, in which the person may look.
    """

    value: Any = None
    method: str | None = None
    sources: CalibrationSources | None = None
    conditions: Mapping[str, Any] | None = None
    name: str | None = None
    note: str = ""
    is_retired: bool | None = None


def create_calibration(
    *,
    actor: User,
    record: Instrument | Sample,
    quantity: str,
    wish: CalibrationWish,
    expected: Collection[int] | None = None,
) -> Calibration:
    """Add a calibration of a quantity to a record, with its first number.

    Raises
    ------
    InvalidMetadataError
        The quantity is none that is calibrated, the value does not fit it, or it is not said how it is known.
    """
    if quantity not in CALIBRATED_FIELDS:
        refuse(
            "/quantity",
            f'"{quantity[:80]}" is nothing that a calibration says.',
            f"Choose one of {', '.join(CALIBRATED_FIELDS)}.",
        )
    with transaction.atomic():
        kept = _lock_record(record)
        row = Calibration(quantity=quantity, by=actor)
        _set_record(row, kept)
        _add(row, None, wish, kept, actor=actor, expected=expected)
    return row


def add_number(
    *, actor: User, calibration_id: str, wish: CalibrationWish, expected: Collection[int] | None = None
) -> Calibration:
    """Add the next number to a calibration: the numbers before stay, and what was taken from them."""
    with transaction.atomic():
        # Which record it is of never changes, and its row is what two people wait for.
        first = Calibration.objects.filter(series=calibration_id, number=1).first()
        if first is None:
            raise NotFoundError(f"There is no calibration {calibration_id}.")
        kept = _lock_record(first.record)
        former = Calibration.objects.filter(series=calibration_id).latest("number")
        row = Calibration(series=former.series, number=former.number + 1, quantity=former.quantity, by=actor)
        _set_record(row, kept)
        _add(row, former, wish, kept, actor=actor, expected=expected)
    return row


def describe_calibration(row: Calibration) -> dict[str, Any]:
    """Return what a number of a calibration says, as the history has it."""
    return {
        "name": row.name,
        "number": row.number,
        "quantity": row.quantity,
        "value": row.value,
        "conditions": row.conditions,
        "method": row.method,
        "calibrated_from": row.calibrated_from,
        "is_retired": row.is_retired,
    }


def _lock_record(record: Instrument | Sample) -> Instrument | Sample:
    kind = type(record)
    return kind.objects.select_for_update().get(pk=record.pk)


def _set_record(row: Calibration, record: Instrument | Sample) -> None:
    if isinstance(record, Instrument):
        row.instrument = record
    else:
        row.sample = record


def _add(
    row: Calibration,
    former: Calibration | None,
    wish: CalibrationWish,
    record: Instrument | Sample,
    *,
    actor: User,
    expected: Collection[int] | None,
) -> None:
    require_record_revision(record, expected)
    if record.calibrations.count() >= MOST_CALIBRATIONS:
        refuse(
            "/value",
            f"{record.name} has {MOST_CALIBRATIONS:,} calibrations, and more are not kept.",
            "Begin another record for what comes now.",
        )
    _write_value(row, former, wish)
    _write_sources(row, former, wish)
    old = describe_calibration(former) if former is not None else {}
    now = describe_calibration(row)
    if {**old, "number": 0} == {**now, "number": 0}:
        refuse("/value", f"Number {old['number']} says the same.", "Give what is known better now.")
    row.note = require_text(wish.note, "/note", "The note", longest=LONGEST_NOTE)
    row.save(force_insert=True)
    name = f"calibration {row.series}"
    store_change(record, {name: old} if old else {}, {name: now}, actor=actor, note=row.note)


def _write_value(row: Calibration, former: Calibration | None, wish: CalibrationWish) -> None:
    title = load_catalogue().measurement[row.quantity].title
    if wish.value is not None:
        try:
            row.value = read_value(row.quantity, wish.value)
        except CellRefusedError as refusal:
            refuse("/value", refusal.message, refusal.hint)
    elif former is not None:
        row.value = former.value
    else:
        refuse("/value", f"{title}: no value was given.", "Give it with its unit, such as 0.2 ± 0.01 nm.")
    row.conditions = former.conditions if former is not None else {}
    if wish.conditions is not None:
        row.conditions, findings = read_conditions(wish.conditions)
        refuse_findings(findings)
    row.name = require_text(wish.name or "", "/name", "The name") or (former.name if former else title)
    row.is_retired = wish.is_retired if wish.is_retired is not None else bool(former and former.is_retired)


def _write_sources(row: Calibration, former: Calibration | None, wish: CalibrationWish) -> None:
    """Write how it is known. What changes in this is given as a whole."""
    if wish.method is None and wish.sources is None and former is not None:
        row.method, row.sources = former.method, former.sources
        row.calibrated_from, row.rests_on = former.calibrated_from, former.rests_on
        return
    row.method = wish.method or (former.method if former is not None else "")
    if row.method not in METHODS:
        refuse(
            "/method",
            f'"{row.method[:80]}" is no way to calibrate.'
            if row.method
            else "It is not said how it is known.",
            f"Choose one of {', '.join(METHODS)}.",
        )
    sources = wish.sources
    if sources is None and former is not None:
        words = former.calibrated_from.partition(": ")[2]
        sources = CalibrationSources(former.sources, words, tuple(former.rests_on))
    if sources is None or not sources.document:
        refuse(
            "/calibrated_from",
            "It is not said what it was calibrated from.",
            "Name a measurement, a published version, a sample record, another calibration, or say it in words.",
        )
    if row.series in sources.rests_on:
        refuse(
            "/calibrated_from",
            f"The calibration {row.series} would rest on itself.",
            "Name what was measured, and not what was made of this calibration.",
        )
    row.sources, row.rests_on = dict(sources.document), sorted(sources.rests_on)
    row.calibrated_from = f"{METHODS[row.method]}: {sources.words}"
    if len(row.calibrated_from) > LONGEST_FROM:
        refuse("/calibrated_from", f"More than {LONGEST_FROM} letters are not kept.", "Shorten the text.")
