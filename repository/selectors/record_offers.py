"""What records could answer in a deposit: shown before it is taken, and changing nothing."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.models import Deposit, Instrument, Measurement
from repository.schema.checks.cell_values import format_entry
from repository.schema.checks.supplied import select_supplied
from repository.schema.documents.comparison import describe_difference
from repository.schema.documents.instrument_layer import (
    InstrumentIdentity,
    RecordSays,
    choose_record,
    consult_record,
)
from repository.schema.documents.last_answers import LastAnswer, list_last_answers
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.presets import PresetBook, does_say
from repository.schema.places import get_entry
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.steps import move_document, move_supplied
from repository.selectors.records import build_identity, list_instruments, read_presets
from repository.selectors.visibility import Visitor, own_deposits

_EXAMPLES = 3
MOST_OPEN = 20
_BARE = frozenset({"instrument.id", "instrument.preset"})
"""Where the values come from; not counted among what is filled."""


@dataclass(slots=True)
class FieldOffer:
    """One field that a record would say, in how many measurements, and with which values."""

    field: str
    title: str
    count: int = 0
    texts: list[str] = dataclasses.field(default_factory=list)

    def add(self, text: str) -> None:
        """Count one measurement."""
        self.count += 1
        if text not in self.texts:
            self.texts.append(text)

    @property
    def first(self) -> list[str]:
        """Return the first of the values, and an ellipsis where there are more."""
        return [*self.texts[:_EXAMPLES], *(["…"] if len(self.texts) > _EXAMPLES else [])]

    @property
    def shown(self) -> str:
        """Return the first of the values as one text."""
        return ", ".join(self.first)


@dataclass(frozen=True, slots=True)
class OpenPreset:
    """A preset that would hold if somebody said a condition; `count` measurements would follow it."""

    id: str
    name: str
    unsaid: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class InstrumentOffer:
    """What one instrument record would say of a deposit.

    Attributes
    ----------
    recognised, unsaid, other
        Measurements whose header names it, names no microscope, or names another one.
    fills
        Fields that nobody else answers.
    conflicts
        Fields of which the header says something else: the header's value holds, and both are shown.
    contested
        Fields of which two presets of the same rank say different things: none is used.
    has_changes
        Whether taking it would change anything.
    """

    record: Instrument
    recognised: int
    unsaid: int
    other: int
    fills: tuple[FieldOffer, ...]
    conflicts: tuple[FieldOffer, ...]
    contested: tuple[str, ...]
    open: tuple[OpenPreset, ...]
    has_changes: bool


@dataclass(frozen=True, slots=True)
class LastOffer:
    """What the newest of the person's other deposits answers, where this one is empty."""

    deposit_id: str
    title: str
    answers: tuple[LastAnswer, ...]


def count_recognised(visitor: Visitor, deposit: Deposit) -> list[tuple[Instrument, int]]:
    """Return the records that headers of a deposit mean, with how many of them: presets are not looked at."""
    records = {row.pk: row for row in list_instruments(visitor) if row.retired_at is None}
    if not records:
        return []
    identities = [build_identity(row) for row in records.values()]
    rows = deposit.current_measurements.filter(frozen_at__isnull=True)
    headers = rows.values_list("extracted__instrument", flat=True)
    counts = Counter(
        record.id for said in headers if said for record in choose_record({"instrument": said}, identities)
    )
    return [(records[pk], count) for pk, count in counts.most_common()]


def describe_instrument_offer(
    deposit: Deposit, record: Instrument, *, chosen: Sequence[str] = ()
) -> InstrumentOffer:
    """Return what a record that the visitor may use would say of a deposit that they were let in to."""
    identity, book = build_identity(record), PresetBook(read_presets(record))
    rows = (
        deposit.current_measurements.filter(frozen_at__isnull=True)
        .exclude(extracted={})
        .defer("header", "cells", "document")
        .select_related("primary_file")
        .prefetch_related("parts__data_file")
        .order_by("ordinal", "id")
    )
    seen = [(row, _consult(deposit, row, identity, book, chosen)) for row in rows]
    certainties = Counter(says.certainty for _, (says, _) in seen)
    meant = [(says, header) for _, (says, header) in seen if says.is_meant]
    fills: dict[str, FieldOffer] = {}
    conflicts: dict[str, FieldOffer] = {}
    for says, said in meant:
        header = normalize_document(said)
        for path in says.fills:
            if path not in _BARE:
                _offer(fills, path).add(_say(path, says.entries[path]))
        for path, entry in says.entries.items():
            known = load_catalogue().measurement.get(path)
            found = get_entry(header, path) if known is not None and "[]" not in path else None
            difference = (
                describe_difference(known, found, entry) if known is not None and found is not None else None
            )
            if difference is not None and path not in says.fills and does_say(header, path):
                _offer(conflicts, path).add(f"header {difference[1]}, preset {difference[0]}")
    return InstrumentOffer(
        record,
        certainties["serial"] + certainties["name"],
        certainties["unsaid"],
        certainties["other"],
        tuple(fills.values()),
        tuple(conflicts.values()),
        tuple(sorted({_title(path) for says, _ in meant for path in says.match.contested})),
        _list_open(says for says, _ in meant),
        any(dict(says.former) != dict(says.entries) for says, _ in meant),
    )


def _consult(
    deposit: Deposit, row: Measurement, identity: InstrumentIdentity, book: PresetBook, chosen: Sequence[str]
) -> tuple[RecordSays, dict[str, Any]]:
    header = move_document(row.extracted, since=row.schema_version).document
    companions = [part.data_file.path for part in row.parts.all()][1:]
    layers = select_supplied(deposit.document, row.primary_file.path, companions=companions)
    return consult_record(identity, book, header=header, layers=layers, chosen=chosen), header


def _offer(offers: dict[str, FieldOffer], path: str) -> FieldOffer:
    return offers.setdefault(path, FieldOffer(path, _title(path)))


def _say(path: str, entry: Any) -> str:
    """Return an entry as people read it; of a list of detectors the parts of each."""
    if isinstance(entry, list) and all(isinstance(item, Mapping) for item in entry):
        return "; ".join(
            " ".join(format_entry(f"{path}[].{key}", part) for key, part in item.items()) for item in entry
        )
    return format_entry(path, entry)


def _title(path: str) -> str:
    known = load_catalogue().measurement.get(path)
    return known.title if known is not None else path


def _list_open(said: Iterable[RecordSays]) -> tuple[OpenPreset, ...]:
    """Return the presets that one answer would decide, those of most measurements first."""
    counts: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for says in said:
        for preset, unsaid in says.match.open:
            counts[preset.id, preset.name, tuple(map(_title, unsaid))] += 1
    return tuple(
        OpenPreset(pk, name, unsaid, count)
        for (pk, name, unsaid), count in sorted(counts.items(), key=lambda item: (-item[1], item[0][1]))[
            :MOST_OPEN
        ]
    )


def find_last_offer(visitor: Visitor, deposit: Deposit) -> LastOffer | None:
    """Return what the newest other deposit of the account answers and this one does not; None where that is nothing."""
    if visitor.account is None:
        return None
    others = (
        own_deposits(visitor.account)
        .exclude(pk=deposit.pk)
        .exclude(document={})
        .order_by("-created_at", "pk")
    )
    last = others.first()
    if last is None:
        return None
    document = move_supplied(last.document, since=last.schema_version).document
    empty = tuple(one for one in list_last_answers(document) if not _has_answer(deposit, one))
    return LastOffer(last.pk, last.title, empty) if empty else None


def _has_answer(deposit: Deposit, answer: LastAnswer) -> bool:
    part = (
        deposit.document.get({"all": "defaults", "kind": "kinds", "dataset": "dataset"}[answer.level]) or {}
    )
    layer = part.get(answer.key) or {} if answer.level == "kind" else part
    return get_entry(layer, answer.field) is not None
