"""Converting a measurement: confined, in one pass, every result under its digest before a row refers to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Sum

from confined.hints import build_hints
from confined.runs import forward_progress, run_over_files
from confined.sandbox import collect_output
from confined.zygotes import register_program
from processing.declarations.manifest import Optics, Order, SignalEntry
from processing.services.compiled_code import find_compiled_code, prepare_compiled_code
from processing.services.kinds import list_kinds
from processing.services.optics import build_optics, list_axes
from processing.services.results import (
    Provenance,
    build_statistics,
    list_findings,
    read_manifest,
    store_array,
    store_products,
)
from processing.services.software import describe_software
from repository.models import Finding, Measurement
from repository.schema.documents.provenance import SOFTWARE
from repository.schema.findings import Finding as Found
from repository.selectors.inputs import count_bytes, list_digests
from repository.services.measurements import ConvertedSignal, record_conversion
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("processing.engine.convert_program:main", find_compiled_code=find_compiled_code)
LARGEST_SMALL_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the confined program made, already in the object store."""

    optics: Optics
    signals: tuple[ConvertedSignal, ...]
    findings: tuple[Found, ...]
    reduction_findings: tuple[Found, ...]

    def record(self, measurement: Measurement) -> None:
        """Write it down; what opening the file had found already is not said twice."""
        reading = measurement.findings.filter(stage=Finding.Stage.READING).values_list("code", "message")
        said = set(reading)
        record_conversion(
            measurement=measurement,
            optics=self.optics.as_dict(),
            converted=self.signals,
            findings=[found for found in self.findings if (found.code, found.message) not in said],
            reduction_findings=self.reduction_findings,
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
    optics = build_optics(measurement.present_document)
    order = Order(
        format=measurement.format,
        files=tuple(digests),
        hints=build_hints(measurement.deposit.document, measurement.primary_file.path),
        optics=optics,
        axes=list_axes(measurement),
        kinds=list_kinds(measurement),
    )
    manifest = read_manifest(
        run_over_files(
            program=PROGRAM,
            request=order.as_dict(),
            digests=digests,
            output=output,
            on_message=forward_progress(progress),
            compiled_cache=prepare_compiled_code(),
            checks_inputs=True,
        )
    )
    files = collect_output(output)
    provenance = Provenance(describe_software(manifest), tuple(digests.values()), optics)
    return Conversion(
        optics=optics,
        signals=tuple(_store_signal(entry, files, provenance) for entry in manifest.signals),
        findings=tuple(list_findings(manifest.findings)),
        reduction_findings=tuple(list_findings(manifest.reduction_findings)),
    )


def _store_signal(entry: SignalEntry, files: Mapping[str, Path], provenance: Provenance) -> ConvertedSignal:
    return ConvertedSignal(
        name=entry.name,
        statistics={**build_statistics(entry), SOFTWARE: provenance.software.as_dict()},
        axes=tuple(axis.as_dict() for axis in entry.axes),
        objects=(
            *store_array("primary", entry.name, entry.zarr, files),
            *store_array("companion", entry.name, entry.detector_major, files),
        ),
        products=store_products(entry, files, provenance),
    )
