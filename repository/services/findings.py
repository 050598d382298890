from collections.abc import Iterable, Mapping
from typing import Any

from repository.models import DataFile, Deposit, Finding, Measurement
from repository.schema import findings


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
    """Do the same for several measurements by their ids, at the cost of one."""
    Finding.objects.filter(deposit=deposit, stage=stage, measurement__in=list(found)).delete()
    Finding.objects.bulk_create(
        _build_row(deposit, stage, finding, measurement_id=measurement_id)
        for measurement_id, entries in found.items()
        for finding in entries
    )


def _build_row(deposit: Deposit, stage: Finding.Stage, finding: findings.Finding, **about: Any) -> Finding:
    return Finding(
        deposit=deposit,
        stage=stage,
        layer=finding.layer,
        severity=finding.severity,
        code=finding.code[:80],
        pointer=finding.pointer[:300],
        message=finding.message,
        hint=finding.hint,
        why=finding.why,
        **about,
    )
