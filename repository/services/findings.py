from collections.abc import Iterable, Mapping
from typing import Any

from repository.models import DataFile, Deposit, Finding, Measurement
from repository.schema import findings

_SAID = ("layer", "severity", "code", "pointer", "message", "hint", "why")


def replace_findings(
    *,
    deposit: Deposit,
    stage: Finding.Stage,
    found: Iterable[findings.Finding],
    data_file: DataFile | None = None,
    measurement: Measurement | None = None,
) -> None:
    """Put what a stage found in the place of what it had found before, for one file, one measurement or the whole."""
    Finding.objects.filter(
        deposit=deposit, stage=stage, data_file=data_file, measurement=measurement
    ).delete()
    Finding.objects.bulk_create(
        _build_row(deposit, stage, finding, data_file=data_file, measurement=measurement) for finding in found
    )


def replace_measurement_findings(
    *, deposit: Deposit, stage: Finding.Stage, found: Mapping[str, Iterable[findings.Finding]]
) -> None:
    """Do the same for several measurements by their ids, at the cost of one; what is found again stays as it is."""
    standing: dict[str | None, list[tuple[str, ...]]] = {}
    rows = Finding.objects.filter(deposit=deposit, stage=stage, measurement__in=list(found))
    for measurement_id, *said in rows.order_by("id").values_list("measurement_id", *_SAID):
        standing.setdefault(measurement_id, []).append(tuple(said))
    changed: dict[str, list[findings.Finding]] = {}
    for measurement_id, entries in found.items():
        now = list(entries)
        if [tuple(_say(entry).values()) for entry in now] != standing.get(measurement_id, []):
            changed[measurement_id] = now
    if changed:
        rows.filter(measurement__in=list(changed)).delete()
        Finding.objects.bulk_create(
            _build_row(deposit, stage, entry, measurement_id=measurement_id)
            for measurement_id, entries in changed.items()
            for entry in entries
        )


def _build_row(deposit: Deposit, stage: Finding.Stage, finding: findings.Finding, **about: Any) -> Finding:
    return Finding(deposit=deposit, stage=stage, **_say(finding), **about)


def _say(finding: findings.Finding) -> dict[str, str]:
    """Return what a row says of a finding, in the order of `_SAID`."""
    return {
        "layer": finding.layer,
        "severity": finding.severity,
        "code": finding.code[:80],
        "pointer": finding.pointer[:300],
        "message": finding.message,
        "hint": finding.hint,
        "why": finding.why,
    }
