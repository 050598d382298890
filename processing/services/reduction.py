"""Reducing a converted measurement again, when the angles that decide its virtual detectors have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.sandbox import collect_output
from ingest.services.confined import forward_progress, run_over_files
from ingest.services.zygotes import register_program
from processing.services.calibration import build_calibration
from processing.services.compiled_code import find_compiled_code, prepare_compiled_code
from processing.services.results import store_products
from repository.models import ArrayObject, Deposit, Measurement
from repository.services.measurements import StoredProduct, record_products
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("processing.engine.reduce_program:main", find_compiled_code=find_compiled_code)


@dataclass(frozen=True, slots=True)
class Reduction:
    """New reductions and previews by signal, already in the object store."""

    calibration: Mapping[str, Any]
    products: Mapping[str, tuple[StoredProduct, ...]]

    def record(self, measurement: Measurement) -> None:
        """Write them down."""
        record_products(measurement=measurement, calibration=self.calibration, products=self.products)


def list_outdated(deposit: Deposit) -> list[str]:
    """Return the measurements whose reductions were made with other angles than the metadata say now."""
    converted = deposit.current_measurements.filter(state=Measurement.State.CONVERTED, frozen_at__isnull=True)
    return [measurement.pk for measurement in converted if is_outdated(measurement)]


def is_outdated(measurement: Measurement) -> bool:
    """Return whether a converted measurement has reductions with other angles than its metadata say now."""
    is_scan = "four_d_stem" in measurement.techniques
    return is_scan and build_calibration(measurement.document) != measurement.calibration


def reduce_measurement(*, measurement: Measurement, output: Path, progress: JobProgress) -> Reduction:
    """Run the reductions over the converted arrays.

    Raises
    ------
    SandboxError
        The reductions failed; the error's finding says why.
    """
    objects = ArrayObject.objects.filter(
        signal__measurement=measurement,
        kind=ArrayObject.Kind.PRIMARY,
        signal__statistics__kind="pattern_scan",
    ).select_related("signal")
    digests = {f"{item.signal.name}/zarr/{item.key}": item.sha256 for item in objects}
    names = list(dict.fromkeys(name.split("/", 1)[0] for name in digests))
    calibration = build_calibration(measurement.document)
    if not names:
        return Reduction(calibration=calibration, products={})

    manifest = run_over_files(
        program=PROGRAM,
        request={"signals": names, "calibration": calibration, "limits": {}},
        digests=digests,
        output=output,
        on_message=forward_progress(progress),
        compiled_cache=prepare_compiled_code(),
        checks_inputs=True,
    )
    files = collect_output(output)
    code_version = f"{manifest['program']} {manifest['version']}"
    inputs = tuple(digests.values())
    return Reduction(
        calibration=calibration,
        products={
            entry["name"]: store_products(entry, files, code_version=code_version, inputs=inputs)
            for entry in manifest["signals"]
        },
    )
