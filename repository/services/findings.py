from collections.abc import Iterable

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
        Finding(
            deposit=deposit,
            data_file=data_file,
            measurement=measurement,
            stage=stage,
            layer=finding.layer,
            severity=finding.severity,
            code=finding.code[:80],
            pointer=finding.pointer[:300],
            message=finding.message,
            hint=finding.hint,
        )
        for finding in found
    )
