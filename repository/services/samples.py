"""Writes to sample records: what a specimen is, and what was made of it."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from repository.errors import NotFoundError
from repository.models import Sample, User
from repository.schema.checks.preset_checks import read_sample_values
from repository.services.record_changes import (
    read_sharing,
    refuse,
    refuse_findings,
    require_governing,
    require_record_revision,
    store_change,
    write_sharing,
)

RANKS = {Sample.Kind.SPECIMEN: 0, Sample.Kind.LAMELLA: 1, Sample.Kind.GRID: 1, Sample.Kind.REGION: 2}
"""The part is always of a higher rank than the whole, so that no chain comes back to itself."""


def create_sample(*, actor: User, fields: Mapping[str, Any], whole: Sample | None = None) -> Sample:
    """Open a sample record.

    Parameters
    ----------
    whole
        What it was made of; one that the person may use.
    """
    with transaction.atomic():
        record = Sample(owner=actor)
        write_sharing(record, {"name": "", **fields}, actor=actor)
        _write_facts(record, fields)
        _write_whole(record, whole)
        store_change(record, {}, _read_facts(record), actor=actor, is_new=True)
    return record


def update_sample(
    *,
    sample_id: str,
    actor: User,
    fields: Mapping[str, Any],
    may_govern: bool,
    whole: Sample | None = None,
    expected: Collection[int] | None = None,
    note: str = "",
) -> Sample:
    """Change a sample record; what was published keeps the values that it copied.

    Parameters
    ----------
    whole
        What it was made of, where `fields` has `made_of`.

    Raises
    ------
    InvalidMetadataError
        The sample would be part of itself, by whatever way.
    """
    with transaction.atomic():
        record = Sample.objects.select_for_update().filter(pk=sample_id).first()
        if record is None:
            raise NotFoundError(f"There is no sample record {sample_id}.")
        require_record_revision(record, expected)
        require_governing(record, fields, may_govern=may_govern)
        former = _read_facts(record)
        write_sharing(record, fields, actor=actor)
        _write_facts(record, fields)
        _write_whole(record, whole if "made_of" in fields else record.made_of)
        store_change(record, former, _read_facts(record), actor=actor, note=note)
    return record


def _read_facts(record: Sample) -> dict[str, Any]:
    return {
        **read_sharing(record),
        "kind": record.kind,
        "made_of": record.made_of_id,
        "values": record.values,
    }


def _write_facts(record: Sample, fields: Mapping[str, Any]) -> None:
    if "kind" in fields:
        if fields["kind"] not in Sample.Kind.values:
            refuse(
                "/kind",
                f'"{fields["kind"]}" is no kind of sample.',
                f"Write one of {', '.join(Sample.Kind.values)}.",
            )
        record.kind = fields["kind"]
    if "values" in fields:
        values, findings = read_sample_values(fields["values"])
        refuse_findings(findings)
        record.values = values


def _write_whole(record: Sample, whole: Sample | None) -> None:
    """Say what a sample was made of, where that is possible; the database holds it against whoever is quicker."""
    record.made_of = whole
    if whole is not None:
        # Locked until the end: its kind does not change meanwhile.
        whole = Sample.objects.select_for_update().get(pk=whole.pk)
        if whole.pk == record.pk:
            refuse("/made_of", f"{record.name} cannot be part of itself.", "Choose what it was made of.")
        if RANKS[Sample.Kind(whole.kind)] >= RANKS[Sample.Kind(record.kind)]:
            refuse(
                "/made_of",
                f"A {record.kind} is no part of a {whole.kind}: {record.name} cannot lie in {whole.name}.",
                "Lamellae and grids are made of specimens, and regions lie in lamellae, grids or specimens.",
            )
    if record.pk and any(
        RANKS[Sample.Kind(kind)] <= RANKS[Sample.Kind(record.kind)] for kind in _list_parts(record)
    ):
        refuse(
            "/kind",
            f"{record.name} has parts that lie in no {record.kind}.",
            "Take the parts away first, or leave the kind.",
        )


def _list_parts(record: Sample) -> list[str]:
    return list(record.parts.values_list("kind", flat=True).distinct())
