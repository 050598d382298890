"""Writes to instrument records: what the instrument is, and what it gives under which conditions."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from repository.errors import NotFoundError
from repository.models import Instrument, InstrumentPreset, User
from repository.schema.checks.preset_checks import read_conditions, read_values
from repository.schema.documents.instrument_layer import IDENTITY
from repository.schema.documents.presets import CONDITION_FIELDS
from repository.schema.findings import Finding
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue
from repository.services.record_changes import (
    read_sharing,
    refuse,
    refuse_findings,
    require_governing,
    require_record_revision,
    require_text,
    store_change,
    write_sharing,
)

MOST_PRESETS = 10_000
MOST_PRESETS_AT_ONCE = 1_000
MOST_HEADER_NAMES = 50
_TEXTS = tuple(key for key in IDENTITY if key not in {"name", "source"})


@dataclass(frozen=True, slots=True)
class PresetWish:
    """A preset as a person gives it.

    Attributes
    ----------
    id
        Of the preset that it takes the place of; None for a new one.
    conditions, values
        Documents in the words of the schema, such as `{"acceleration_voltage": "80 kV"}`.
    """

    name: str
    valid_from: dt.date
    valid_to: dt.date | None
    conditions: Mapping[str, Any]
    values: Mapping[str, Any]
    id: str | None = None


def create_instrument(*, actor: User, fields: Mapping[str, Any]) -> Instrument:
    """Open an instrument record, which the person keeps, alone or with one of their groups."""
    with transaction.atomic():
        record = Instrument(owner=actor)
        write_sharing(record, {"name": "", **fields}, actor=actor)
        _write_facts(record, fields)
        store_change(record, {}, _read_facts(record), actor=actor, is_new=True)
    return record


def update_instrument(
    *,
    instrument_id: str,
    actor: User,
    fields: Mapping[str, Any],
    may_govern: bool,
    expected: Collection[int] | None = None,
    note: str = "",
) -> Instrument:
    """Change what a record says of the instrument; what was published keeps the values that it copied."""
    with transaction.atomic():
        record = _lock_instrument(instrument_id)
        require_record_revision(record, expected)
        require_governing(record, fields, may_govern=may_govern)
        former = _read_facts(record)
        write_sharing(record, fields, actor=actor)
        _write_facts(record, fields)
        store_change(record, former, _read_facts(record), actor=actor, note=note)
    return record


def save_presets(
    *,
    instrument_id: str,
    actor: User,
    wishes: Sequence[PresetWish],
    expected: Collection[int] | None = None,
    note: str = "",
) -> Instrument:
    """Add presets to a record and change those that are named by their ids: all of them, or none.

    Raises
    ------
    InvalidMetadataError
        Something is wrong with one of them: findings name it by its number.
    """
    if len(wishes) > MOST_PRESETS_AT_ONCE:
        refuse(
            "/presets",
            f"{len(wishes):,} presets are more than one change takes ({MOST_PRESETS_AT_ONCE:,}).",
            "Send them in several changes.",
        )
    read = [_read_preset(wish, number) for number, wish in enumerate(wishes)]
    refuse_findings([finding for _, findings in read for finding in findings])
    with transaction.atomic():
        record = _lock_instrument(instrument_id)
        require_record_revision(record, expected)
        known = {row.pk: row for row in record.presets.filter(pk__in=[wish.id for wish in wishes if wish.id])}
        _refuse_unknown(wishes, known)
        _refuse_too_many(record, len(wishes) - len(known))
        rows = [row for row, _ in read]
        former = {f"preset {pk}": describe_preset(row) for pk, row in known.items()}
        for row, wish in zip(rows, wishes, strict=True):
            row.instrument = record
            row.pk = wish.id or row.pk
        _refuse_repeated(record, rows)
        InstrumentPreset.objects.bulk_create([row for row in rows if row.pk not in known])
        InstrumentPreset.objects.bulk_update(
            [row for row in rows if row.pk in known],
            ["name", "conditions", "values", "valid_from", "valid_to"],
        )
        now = {f"preset {row.pk}": describe_preset(row) for row in rows}
        store_change(record, former, now, actor=actor, note=note)
    return record


def remove_preset(
    *, instrument_id: str, actor: User, preset_id: str, expected: Collection[int] | None = None
) -> Instrument:
    """Take a preset out of a record; what it said stays in the history, and where it was copied."""
    with transaction.atomic():
        record = _lock_instrument(instrument_id)
        require_record_revision(record, expected)
        row = record.presets.filter(pk=preset_id).first()
        if row is None:
            raise NotFoundError(f"{record.name} has no preset {preset_id}.", hint="Reload the record.")
        store_change(record, {f"preset {row.pk}": describe_preset(row)}, {}, actor=actor)
        row.delete()
    return record


def describe_preset(row: InstrumentPreset) -> dict[str, Any]:
    """Return what a preset says, as the history has it."""
    return {
        "name": row.name,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "conditions": row.conditions,
        "values": row.values,
    }


def _lock_instrument(instrument_id: str) -> Instrument:
    record = Instrument.objects.select_for_update().filter(pk=instrument_id).first()
    if record is None:
        raise NotFoundError(f"There is no instrument record {instrument_id}.")
    return record


def _read_facts(record: Instrument) -> dict[str, Any]:
    facts = {key: getattr(record, key) for key in (*_TEXTS, "source")}
    return {**read_sharing(record), **facts, "header_names": record.header_names}


def _write_facts(record: Instrument, fields: Mapping[str, Any]) -> None:
    known = load_catalogue()
    for key in _TEXTS:
        if key in fields:
            title = known.measurement[f"instrument.{key}"].title
            setattr(record, key, require_text(fields[key], f"/{key}", title))
    if "source" in fields:
        words = known.words("electron_source")
        if fields["source"] and fields["source"] not in words:
            refuse(
                "/source",
                f'"{fields["source"]}" is no kind of electron source.',
                f"Write one of {', '.join(words)}.",
            )
        record.source = fields["source"]
    if "header_names" in fields:
        record.header_names = _read_names(fields["header_names"])


def _read_names(given: Any) -> list[str]:
    names = given if isinstance(given, list) else [given]
    kept = [require_text(name, "/header_names", "A name in headers") for name in names]
    if len(kept) > MOST_HEADER_NAMES:
        refuse(
            "/header_names",
            f"{len(kept)} names are more than a record keeps ({MOST_HEADER_NAMES}).",
            "Give fewer.",
        )
    return list(dict.fromkeys(filter(None, kept)))


def _read_preset(wish: PresetWish, number: int) -> tuple[InstrumentPreset, list[Finding]]:
    place = f"/presets/{number}"
    conditions, wrong = read_conditions(wish.conditions)
    values, more = read_values(wish.values)
    found = [*wrong, *more]
    name = require_text(wish.name, f"{place}/name", "The name of the preset")
    if not name:
        name = ", ".join(
            _say_condition(path, conditions[path]) for path in CONDITION_FIELDS if path in conditions
        )
    if not name:
        found.append(
            Finding("error", "preset_unnamed", "The preset has no name.", "/name", "Say what it is for.")
        )
    if wish.valid_to is not None and wish.valid_to < wish.valid_from:
        message = f"{name} ends on {wish.valid_to}, before it begins on {wish.valid_from}."
        found.append(
            Finding("error", "preset_days", message, "/valid_to", "Give the last day on which it held.")
        )
    row = InstrumentPreset(
        name=name[:200],
        conditions=conditions,
        values=values,
        valid_from=wish.valid_from,
        valid_to=wish.valid_to,
    )
    label = f"Preset {number + 1}{f' ({name})' if name else ''}"
    return row, [
        Finding("error", one.code, f"{label}: {one.message}", f"{place}{one.pointer}", one.hint, one.layer)
        for one in found
    ]


def _say_condition(path: str, entry: Any) -> str:
    """Return a condition as a name has it: "80 kV", "30 µm", "spot number 6"."""
    said = entry.get("value") if isinstance(entry, Mapping) else entry
    if isinstance(entry, Mapping) and "unit" in entry:
        return f"{said} {get_symbol(str(entry['unit']))}".strip()
    is_bare = not any(character.isalpha() for character in str(said))
    return f"{load_catalogue().measurement[path].title.lower()} {said}" if is_bare else str(said)


def _refuse_unknown(wishes: Sequence[PresetWish], known: Mapping[str, InstrumentPreset]) -> None:
    for number, wish in enumerate(wishes):
        if wish.id and wish.id not in known:
            refuse(
                f"/presets/{number}/id",
                f"The record has no preset {wish.id}.",
                "Somebody may have taken it out: reload the record.",
            )


def _refuse_too_many(record: Instrument, more: int) -> None:
    count = record.presets.count() + more
    if more > 0 and count > MOST_PRESETS:
        refuse(
            "/presets",
            f"{record.name} would have {count:,} presets, and {MOST_PRESETS:,} are the most.",
            "Take out those that no measurement needs any more: what they gave stays where it was copied.",
        )


def _refuse_repeated(record: Instrument, rows: Sequence[InstrumentPreset]) -> None:
    """Refuse a second preset of one name and day: nobody could tell which one was used."""
    standing = record.presets.exclude(pk__in=[row.pk for row in rows])
    taken = set(standing.filter(name__in=[row.name for row in rows]).values_list("name", "valid_from"))
    for number, row in enumerate(rows):
        if (row.name, row.valid_from) in taken:
            refuse(
                f"/presets/{number}/name",
                f"{record.name} has a preset {row.name} since {row.valid_from} already.",
                "Change that one, or say what differs in the name.",
            )
        taken.add((row.name, row.valid_from))
