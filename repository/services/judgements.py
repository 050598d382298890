"""What the checks say of each measurement: made without holding the deposit, written down while it is held."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Prefetch, QuerySet

from repository.models import Deposit, Finding, Measurement
from repository.schema import (
    merge_metadata,
    normalize_document,
    select_supplied,
    validate_measurement,
)
from repository.schema.checks.cells import Sources, build_cells
from repository.schema.documents.levels import name_kind
from repository.schema.findings import Finding as Found
from repository.schema.questions.requirements import Requirement, list_requirements
from repository.schema.versions.in_force import VERSION_IN_FORCE
from repository.schema.versions.steps import move_document
from repository.services.findings import replace_measurement_findings
from repository.services.told import read_told

NOT_READ = frozenset({Measurement.State.FOUND, Measurement.State.FAILED})
_ROWS_AT_ONCE = 50  # documents in one statement
_JUDGED = ("document", "techniques", "kind", "cells", "judged_from")
_STORE = """
UPDATE repository_measurement AS stored
SET document = new.document, techniques = new.techniques, kind = new.kind, cells = new.cells,
    judged_from = new.judged_from
FROM jsonb_to_recordset(%s::jsonb)
    AS new(id varchar, document jsonb, techniques varchar[], kind varchar, cells jsonb, judged_from varchar)
WHERE stored.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checks say of one measurement.

    Attributes
    ----------
    rests_on
        Digest of all that was looked at. While that is the same, so is the judgement.
    document
        Header and person merged; None where the header was not read, and so nothing can be said yet.
    """

    rests_on: str
    document: Mapping[str, Any] | None
    found: tuple[Found, ...]
    cells: Mapping[str, Any] = field(default_factory=dict)


Judgements = Mapping[str, Judgement]
_NOTHING = Judgement("", None, ())
_FAULTS_OF_READING = Finding.objects.filter(stage=Finding.Stage.READING, severity="error").order_by("id")


def merge_measurement(
    measurement: Measurement, document: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Found]]:
    """Return the metadata document of a measurement and the conflicts between header and person."""
    header = move_document(measurement.extracted, since=measurement.schema_version).document
    merged = merge_metadata(
        header=header, supplied_layers=select_layers(measurement, document), signals=measurement.shapes
    )
    return merged.document, list(merged.conflicts)


def select_layers(measurement: Measurement, document: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return what a document says that may be about the measurement."""
    companions = [part.data_file.path for part in measurement.parts.all()][1:]
    return select_supplied(document, measurement.primary_file.path, companions=companions)


def list_open_measurements(deposit: Deposit) -> QuerySet[Measurement]:
    """Return the measurements that may still change, with what is checked in them."""
    return (
        deposit.current_measurements.filter(frozen_at__isnull=True)
        .defer("header")  # as large as the vendor likes
        .select_related("primary_file")
        .prefetch_related("signals", "parts__data_file", Prefetch("findings", queryset=_FAULTS_OF_READING))
    )


def judge_ahead(
    *, deposit_id: str, anew: bool = False, measurement_ids: Collection[str] | None = None
) -> Judgements:
    """Judge what has changed, before the deposit is locked: others can write meanwhile.

    Parameters
    ----------
    measurement_ids
        The only ones to look at; all without it.
    anew
        Judge everything: the checks may be newer than what they said, and dates are compared with today.
    """
    deposit = Deposit.objects.filter(pk=deposit_id).first()
    if deposit is None or deposit.state == Deposit.State.PUBLISHED:
        return {}
    document = read_told(deposit).document
    measurements = list_open_measurements(deposit)
    if measurement_ids is not None:
        measurements = measurements.filter(pk__in=measurement_ids)
    return {
        measurement.pk: judgement
        for measurement in measurements
        if (judgement := _judge(measurement, document, {}, anew=anew)) is not None
    }


def judge_and_record(
    deposit: Deposit, measurements: Iterable[Measurement], ahead: Judgements, *, anew: bool = False
) -> None:
    """Write down what the checks say now; call it with the deposit locked.

    What was judged ahead is taken where nothing came between, and what has not changed is left as it is.
    """
    document = read_told(deposit).document
    changed = [
        (measurement, judgement)
        for measurement in measurements
        if (judgement := _judge(measurement, document, ahead, anew=anew)) is not None
    ]
    for measurement, judgement in changed:
        measurement.judged_from = judgement.rests_on
        if judgement.document is not None:
            measurement.document = dict(judgement.document)
            technique = judgement.document.get("technique")
            measurement.techniques = [str(name) for name in technique] if isinstance(technique, list) else []
            measurement.kind = name_kind(measurement.techniques)
        measurement.cells = dict(judgement.cells)
    _store([measurement for measurement, _ in changed])
    replace_measurement_findings(
        deposit=deposit,
        stage=Finding.Stage.VALIDATION,
        found={measurement.pk: judgement.found for measurement, judgement in changed},
    )


def _store(measurements: Sequence[Measurement]) -> None:
    """Write down what was judged of many measurements, joined by the database to their rows.

    An update of Django's builds a condition for every field of every row, which takes as long as the checks do.
    """
    rows = [
        {"id": measurement.pk, **{name: getattr(measurement, name) for name in _JUDGED}}
        for measurement in measurements
    ]
    with connection.cursor() as cursor:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            cursor.execute(_STORE, [json.dumps(rows[first : first + _ROWS_AT_ONCE])])


def _judge(
    measurement: Measurement, document: Mapping[str, Any], ahead: Judgements, *, anew: bool
) -> Judgement | None:
    """Return what is to be written of a measurement; None where it stands already."""
    is_unread = measurement.state in NOT_READ and not measurement.extracted
    if is_unread and not any(one.pointer for one in _list_faults_of_reading(measurement)):
        return _NOTHING if measurement.judged_from or anew else None
    rests_on = _build_digest(measurement, document)
    if rests_on == measurement.judged_from and not anew:
        return None
    known = ahead.get(measurement.pk)
    if known is not None and known.rests_on == rests_on:
        return known
    merged, conflicts = merge_measurement(measurement, document)
    normal, signals = normalize_document(merged), measurement.shapes
    if is_unread:
        # Its reader cannot begin without an answer, such as the shape of raw numbers: that alone is asked.
        return Judgement(rests_on, None, (), _describe_cells(measurement, document, normal, (), ()))
    asked = list_requirements(normal, signals=signals, looked_for=measurement.looked_for)
    if measurement.state in NOT_READ:
        # It was read before, and not any more with other words: what it says stays to be answered, and is not judged.
        return Judgement(rests_on, normal, (), _describe_cells(measurement, document, normal, asked, ()))
    found = validate_measurement(normal, signals=signals, requirements=asked)
    everything = (*conflicts, *found)
    cells = _describe_cells(measurement, document, normal, asked, everything)
    return Judgement(rests_on, normal, everything, cells)


def _describe_cells(
    measurement: Measurement,
    document: Mapping[str, Any],
    merged: Mapping[str, Any],
    asked: Sequence[Requirement],
    findings: tuple[Found, ...],
) -> dict[str, Any]:
    """Return what the session's table shows of a measurement."""
    sources = Sources(
        path=measurement.primary_file.path,
        header=move_document(measurement.extracted, since=measurement.schema_version).document,
        layers=select_layers(measurement, document),
        merged=merged,
        signals=measurement.shapes,
        # What a file does not tell its reader, such as the shape of its scan, is asked in the table too.
        findings=(*findings, *_list_faults_of_reading(measurement)),
    )
    cells = build_cells(sources, asked)
    return {path: cell.as_dict() for path, cell in cells.items()}


def _list_faults_of_reading(measurement: Measurement) -> list[Found]:
    return [
        Found("error", one.code, one.message, pointer=one.pointer, hint=one.hint, layer="reading")
        for one in measurement.findings.all()
    ]


def _build_digest(measurement: Measurement, document: Mapping[str, Any]) -> str:
    """Return a digest of everything that decides a judgement, apart from the checks and today's date."""
    looked_at = [
        [measurement.schema_version, VERSION_IN_FORCE, measurement.state in NOT_READ],
        select_layers(measurement, document),
        measurement.extracted,
        measurement.looked_for,
        [[signal.name, signal.axes] for signal in measurement.signals.all()],
        [[one.code, one.pointer, one.message] for one in measurement.findings.all()],
    ]
    text = json.dumps(looked_at, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
