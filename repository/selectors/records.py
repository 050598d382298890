"""Instrument and sample records as the people who share them see them; who may use one is asked in `visibility`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from repository.errors import NotFoundError, PermissionRefusedError
from repository.models import Group, Instrument, InstrumentPreset, RecordChange, Sample
from repository.schema.documents.instrument_layer import IDENTITY, InstrumentIdentity
from repository.schema.documents.presets import Preset
from repository.selectors.visibility import (
    Visitor,
    governs_record,
    may_change_record,
    visible_groups,
    visible_instruments,
    visible_samples,
)

InstrumentRow = Instrument
PresetRow = InstrumentPreset
SampleRow = Sample
"""What is handed out to pages and programs, which read it and ask no table."""

Record = Instrument | Sample
LARGEST_PAGE = 200
SAMPLE_KINDS = tuple(Sample.Kind.choices)


@dataclass(frozen=True, slots=True)
class RecordRights:
    """What the visitor may do with a record: change it, and also decide who shares it."""

    may_change: bool
    may_govern: bool


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change of a record."""

    number: int
    at: dt.datetime
    by: str
    note: str
    changes: Sequence[Mapping[str, Any]]


def list_instruments(visitor: Visitor) -> list[Instrument]:
    """Return the instrument records that the visitor may use, with how many presets each has; retired ones last."""
    rows = (
        visible_instruments(visitor).select_related("group", "owner").annotate(preset_count=Count("presets"))
    )
    return sorted(rows, key=lambda row: (row.retired_at is not None, row.name.casefold(), row.pk))


def list_samples(visitor: Visitor) -> list[Sample]:
    """Return the sample records that the visitor may use; retired ones last."""
    rows = visible_samples(visitor).select_related("group", "owner", "made_of")
    return sorted(rows, key=lambda row: (row.retired_at is not None, row.name.casefold(), row.pk))


def get_instrument(visitor: Visitor, instrument_id: str) -> Instrument:
    """Return an instrument record that the visitor may use.

    Raises
    ------
    NotFoundError
        It does not exist, or is not shared with this visitor: a stranger cannot tell which.
    """
    row = visible_instruments(visitor).select_related("group", "owner").filter(pk=instrument_id).first()
    if row is None:
        raise NotFoundError(
            f"There is no instrument record {instrument_id}.", hint="Its owner can share it with your group."
        )
    return row


def get_sample(visitor: Visitor, sample_id: str) -> Sample:
    """Return a sample record that the visitor may use (NotFoundError as for instruments)."""
    row = visible_samples(visitor).select_related("group", "owner", "made_of").filter(pk=sample_id).first()
    if row is None:
        raise NotFoundError(
            f"There is no sample record {sample_id}.", hint="Its owner can share it with your group."
        )
    return row


def get_rights(visitor: Visitor, record: Record) -> RecordRights:
    """Return what the visitor may do with a record that they may use."""
    governs = governs_record(visitor, record)
    return RecordRights(governs or may_change_record(visitor, record), governs)


def require_changing(visitor: Visitor, record: Record) -> RecordRights:
    """Return the rights of who may change a record.

    Raises
    ------
    PermissionRefusedError
        The visitor may use it, and not change it.
    """
    rights = get_rights(visitor, record)
    if not rights.may_change:
        raise PermissionRefusedError(
            f"{record.name} is changed by its owner and the managers of its group.",
            hint="Ask one of them, or keep a record of your own.",
        )
    return rights


def page_presets(record: Instrument, *, first: int = 0, size: int = LARGEST_PAGE) -> list[InstrumentPreset]:
    """Return a page of the presets of a record that the visitor may use, the newest first."""
    return list(record.presets.all()[first : first + size])


def list_own_groups(visitor: Visitor) -> list[Group]:
    """Return the groups in which the person is: with one of these a record can be shared."""
    return list(visible_groups(visitor).filter(memberships__user=visitor.account).order_by("name", "pk"))


def count_presets(record: Instrument) -> int:
    """Return how many presets a record has that the visitor may use."""
    return record.presets.count()


def find_preset(record: Instrument, preset_id: str) -> InstrumentPreset | None:
    """Return a preset of a record that the visitor may use; None where it has none of this id."""
    return record.presets.filter(pk=preset_id).first()


def list_history(record: Record, *, size: int = LARGEST_PAGE) -> list[HistoryLine]:
    """Return the newest changes of a record that the visitor may use."""
    rows: QuerySet[RecordChange] = record.changes.select_related("by")[:size]
    return [HistoryLine(row.number, row.at, row.by.username, row.note, row.changes) for row in rows]


def build_identity(record: Instrument) -> InstrumentIdentity:
    """Return by what a record is known."""
    facts = {key: getattr(record, key) for key in IDENTITY}
    return InstrumentIdentity(record.pk, facts, tuple(record.header_names))


def read_presets(record: Instrument) -> list[Preset]:
    """Return all presets of a record as they are matched."""
    return [
        Preset(row.pk, row.name, row.conditions, row.values, row.valid_from, row.valid_to)
        for row in record.presets.all()
    ]


def collect_sample_values(record: Sample) -> dict[str, Any]:
    """Return the fields of `sample` that a record gives: its own, else those of what it was made of."""
    chain = [record]
    while (whole := chain[-1].made_of) is not None:
        chain.append(whole)
    values: dict[str, Any] = {}
    for one in reversed(chain):
        values |= one.values
    return {**values, "id": record.pk, "name": " / ".join(one.name for one in reversed(chain))}
