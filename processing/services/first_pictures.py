"""First pictures of a large measurement: confined, from a bounded part of its bytes, while its conversion waits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confined.hints import build_hints
from confined.runs import forward_progress, run_over_files
from confined.sandbox import collect_output
from confined.zygotes import register_program
from processing.declarations.manifest import Order
from processing.services.kinds import has_retaken_pictures, list_kinds
from processing.services.optics import build_optics, list_axes
from processing.services.results import Provenance, read_manifest, store_products
from processing.services.software import describe_software
from repository.models import Deposit, Finding, Measurement
from repository.schema.findings import Finding as Found
from repository.selectors.inputs import list_digests
from repository.services.findings import replace_findings
from repository.services.measurements import record_first_pictures
from repository.services.products import StoredProduct
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("processing.engine.preview_program:main")


@dataclass(frozen=True, slots=True)
class FirstPictures:
    """Pictures by signal, already in the object store, their axes, and the words with which the files were opened.

    Attributes
    ----------
    kinds
        What each signal was taken for.
    """

    hints: Mapping[str, Any]
    products: Mapping[str, tuple[StoredProduct, ...]]
    axes: Mapping[str, tuple[Mapping[str, Any], ...]]
    kinds: Mapping[str, str | None]

    def record(self, measurement: Measurement) -> None:
        """Write them down, unless the conversion was faster."""
        record_first_pictures(
            measurement=measurement,
            hints=self.hints,
            products=self.products,
            axes=self.axes,
            kinds=self.kinds,
        )


def preview_measurement(*, measurement: Measurement, output: Path, progress: JobProgress) -> FirstPictures:
    """Draw what a sample of the values shows.

    Raises
    ------
    SandboxError
        The files cannot be read; the error's finding says why.
    """
    digests = list_digests(measurement)
    hints = build_hints(measurement.deposit.document, measurement.primary_file.path)
    optics = build_optics(measurement.present_document)
    order = Order(
        format=measurement.format,
        files=tuple(digests),
        hints=hints,
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
        )
    )
    files = collect_output(output)
    provenance = Provenance(describe_software(manifest), tuple(digests.values()), optics)
    return FirstPictures(
        hints=hints,
        products={
            entry.name: store_products(entry, files, provenance)
            for entry in manifest.signals
            if entry.previews
        },
        axes={entry.name: tuple(axis.as_dict() for axis in entry.axes) for entry in manifest.signals},
        kinds={entry.name: entry.kind for entry in manifest.signals},
    )


def list_outdated_pictures(deposit: Deposit, measurement_ids: Collection[str] | None = None) -> list[str]:
    """Return the measurements, of some or all, whose first pictures show other than what the metadata say now."""
    opened = deposit.current_measurements.filter(
        state=Measurement.State.OPENED, frozen_at__isnull=True, products__is_preliminary=True
    )
    if measurement_ids is not None:
        opened = opened.filter(pk__in=measurement_ids)
    waiting = opened.distinct().defer("header").prefetch_related("signals")
    return [measurement.pk for measurement in waiting if has_outdated_pictures(measurement)]


def has_outdated_pictures(measurement: Measurement) -> bool:
    """Return whether a measurement that waits for its conversion has pictures of other lengths or another kind."""
    if measurement.state != Measurement.State.OPENED:
        return False
    now = {shape.name: shape for shape in measurement.calibrated_shapes}
    kinds = list_kinds(measurement)
    return any(
        has_retaken_pictures(signal, kinds[signal.name])
        or [axis.as_dict() for axis in signal.axes_made] != [axis.as_dict() for axis in now[signal.name].axes]
        for signal in measurement.signals.all()
        if signal.products.filter(is_preliminary=True).exists()
    )


def note_failure(measurement: Measurement, stage: Finding.Stage, finding: Found) -> None:
    """Say why there are no pictures where no conversion will say it; the measurement stays as it is."""
    is_only_checked = measurement.deposit.read_until == Deposit.ReadUntil.OPENED
    if measurement.state == Measurement.State.OPENED and is_only_checked:
        replace_findings(deposit=measurement.deposit, stage=stage, measurement=measurement, found=[finding])
