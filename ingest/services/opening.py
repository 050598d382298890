"""Opening a measurement: what its header says, and which arrays it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confined.hints import build_hints
from confined.runs import forward_progress, run_over_files
from confined.zygotes import register_program
from ingest.formats.headers import map_vendor_header
from ingest.services.recognition import read_findings
from repository.models import Measurement
from repository.schema.findings import Finding
from repository.selectors.inputs import list_digests
from repository.services.measurements import SignalDescription, record_opening
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("ingest.programs.open_file:main")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a confined reader said of a measurement, mapped to the schema."""

    reader: str
    hints: Mapping[str, Any]
    header: Mapping[str, Any]
    extracted: Mapping[str, Any]
    looked_for: Mapping[str, tuple[str, ...]]
    personal_pointers: Mapping[str, str]
    signals: tuple[SignalDescription, ...]
    findings: tuple[Finding, ...]

    def record(self, measurement: Measurement) -> None:
        """Write it down."""
        record_opening(
            measurement=measurement,
            reader=self.reader,
            hints=self.hints,
            header=self.header,
            extracted=self.extracted,
            looked_for=self.looked_for,
            personal_pointers=self.personal_pointers,
            signals=self.signals,
            findings=self.findings,
        )


def open_measurement(*, measurement: Measurement, output: Path, progress: JobProgress) -> Opening:
    """Read the header, confined, and translate it.

    Raises
    ------
    SandboxError
        The files cannot be read; the error's finding says why.
    """
    digests = list_digests(measurement)
    request: dict[str, Any] = {
        "format": measurement.format,
        "files": list(digests),
        "hints": build_hints(measurement.deposit.document, measurement.primary_file.path),
    }
    result = run_over_files(
        program=PROGRAM,
        request=request,
        digests=digests,
        output=output,
        on_message=forward_progress(progress),
    )
    mapped = map_vendor_header(measurement.format, result["header"], result["signals"])
    reader = result["reader"]
    return Opening(
        reader=f"{reader['name']} {reader['version']}"[:80],
        hints=request["hints"],
        header=result["header"],
        extracted=mapped.document,
        looked_for=mapped.looked_for,
        personal_pointers=mapped.personal_pointers,
        signals=tuple(_describe_signal(signal) for signal in result["signals"]),
        findings=(*read_findings(result["findings"]), *mapped.findings),
    )


def _describe_signal(signal: Mapping[str, Any]) -> SignalDescription:
    return SignalDescription(
        name=signal["name"],
        title=(signal.get("title") or "")[:200],
        shape=tuple(signal["shape"]),
        dtype=signal["dtype"],
        axes=tuple(signal["axes"]),
        n_signal_axes=signal["n_signal_axes"],
        intensity_unit=signal.get("intensity_unit") or "",
        shape_origin=signal["shape_origin"],
        orientation=(signal.get("orientation") or "")[:300],
    )
