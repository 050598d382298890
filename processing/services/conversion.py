"""Converting a measurement: confined, in one pass, every result under its digest before a row refers to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Sum

from ingest.sandbox import collect_output
from ingest.services.confined import forward_progress, run_over_files
from ingest.services.following import count_bytes
from ingest.services.hints import build_hints
from ingest.services.opening import list_digests
from ingest.services.recognition import read_findings
from ingest.services.zygotes import register_program
from processing.services.calibration import build_calibration
from processing.services.compiled_code import find_compiled_code, prepare_compiled_code
from processing.services.results import store_array, store_products
from repository.models import Finding, Measurement
from repository.schema.findings import Finding as Found
from repository.services.measurements import ConvertedSignal, record_conversion
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("processing.engine.convert_program:main", find_compiled_code=find_compiled_code)
STATISTICS = (
    "sum_of_counts",
    "minimum",
    "maximum",
    "n_nan",
    "n_values",
    "verified",
    "kind",
    "direct_disk",
    "virtual_detectors",
)

LARGEST_SMALL_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the confined program made, already in the object store."""

    calibration: Mapping[str, Any]
    signals: tuple[ConvertedSignal, ...]
    findings: tuple[Found, ...]

    def record(self, measurement: Measurement) -> None:
        """Write it down; what opening the file had found already is not said twice."""
        reading = measurement.findings.filter(stage=Finding.Stage.READING).values_list("code", "message")
        said = set(reading)
        record_conversion(
            measurement=measurement,
            calibration=self.calibration,
            converted=self.signals,
            findings=[found for found in self.findings if (found.code, found.message) not in said],
        )


def is_small(measurement_id: str) -> bool:
    """Return whether converting the measurement is a matter of seconds: its files and, unpacked, its arrays."""
    measurement = Measurement.objects.get(pk=measurement_id)
    files = measurement.parts.aggregate(size=Sum("data_file__size"))["size"] or 0
    return bool(max(files, count_bytes(measurement)) <= LARGEST_SMALL_BYTES)


def convert_measurement(*, measurement: Measurement, output: Path, progress: JobProgress) -> Conversion:
    """Convert, reduce and draw one measurement.

    Raises
    ------
    SandboxError
        The files cannot be read; the error's finding says why.
    """
    digests = list_digests(measurement)

    progress.report(
        0.0,
        "Opening the files." if find_compiled_code() else "Compiling the reductions, once per installation.",
    )
    calibration = build_calibration(measurement.document)
    manifest = run_over_files(
        program=PROGRAM,
        request={
            "format": measurement.format,
            "files": list(digests),
            "hints": build_hints(measurement.deposit.document, measurement.primary_file.path),
            "calibration": calibration,
            "limits": {},
        },
        digests=digests,
        output=output,
        on_message=forward_progress(progress),
        compiled_cache=prepare_compiled_code(),
        checks_inputs=True,
    )
    files = collect_output(output)
    code_version = f"{manifest['program']} {manifest['version']}"
    inputs = tuple(digests.values())
    return Conversion(
        calibration=calibration,
        signals=tuple(
            _store_signal(entry, files, code_version=code_version, inputs=inputs)
            for entry in manifest["signals"]
        ),
        findings=tuple(read_findings(manifest["findings"])),
    )


def _store_signal(
    entry: Mapping[str, Any], files: Mapping[str, Path], *, code_version: str, inputs: tuple[str, ...]
) -> ConvertedSignal:
    name = entry["name"]
    return ConvertedSignal(
        name=name,
        statistics={key: entry.get(key) for key in STATISTICS},
        objects=(
            *store_array("primary", f"{name}/zarr", entry["zarr"], files),
            *store_array("companion", f"{name}/companion", entry.get("companion"), files),
        ),
        products=store_products(entry, files, code_version=code_version, inputs=inputs),
    )
