"""Converting a measurement: confined, in one pass, every result under its digest before a row refers to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.sandbox import collect_output
from ingest.services.confined import run_over_files
from ingest.services.hints import build_hints
from ingest.services.opening import list_digests
from ingest.services.recognition import read_findings
from processing.services.calibration import build_calibration
from processing.services.compiled_code import prepare_compiled_code
from repository.errors import TransientError
from repository.models import Measurement
from repository.schema.findings import Finding
from repository.services.measurements import (
    ConvertedSignal,
    StoredArrayObject,
    StoredProduct,
    record_conversion,
)
from repository.services.storage import get_object_store
from repository.tasks.handlers import JobProgress

PROGRAM = "processing.engine.convert_program:main"
STATISTICS = ("sum_of_counts", "minimum", "maximum", "n_nan", "n_values", "verified", "kind", "direct_disk")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the confined program made, already in the object store."""

    signals: tuple[ConvertedSignal, ...]
    findings: tuple[Finding, ...]

    def record(self, measurement: Measurement) -> None:
        """Write it down."""
        record_conversion(measurement=measurement, converted=self.signals, findings=self.findings)


def convert_measurement(*, measurement: Measurement, output: Path, progress: JobProgress) -> Conversion:
    """Convert, reduce and draw one measurement.

    Raises
    ------
    SandboxError
        The files cannot be read; the error's finding says why.
    """
    digests = list_digests(measurement)

    def note(message: dict[str, Any]) -> None:
        if message.get("type") == "progress":
            progress.report(float(message.get("fraction", 0.0)), str(message.get("message", "")))

    progress.report(0.0, "Preparing.")
    manifest = run_over_files(
        program=PROGRAM,
        request={
            "format": measurement.format,
            "files": list(digests),
            "hints": build_hints(measurement.deposit.document, measurement.primary_file.path),
            "calibration": build_calibration(measurement.document),
            "limits": {},
        },
        digests=digests,
        output=output,
        on_message=note,
        compiled_cache=prepare_compiled_code(),
    )
    files = collect_output(output)
    code_version = f"{manifest['program']} {manifest['version']}"
    inputs = tuple(digests.values())
    return Conversion(
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
    products = [
        _store_product(item, "array", f"{name}/reductions", files, code_version, inputs)
        for item in entry.get("reductions", ())
    ]
    products += [
        _store_product(item, "preview", f"{name}/previews", files, code_version, inputs)
        for item in entry.get("previews", ())
    ]
    return ConvertedSignal(
        name=name,
        statistics={key: entry.get(key) for key in STATISTICS},
        objects=(
            *_store_array("primary", f"{name}/zarr", entry["zarr"], files),
            *_store_array("companion", f"{name}/companion", entry.get("companion"), files),
        ),
        products=tuple(products),
    )


def _store_array(
    kind: str, folder: str, described: Mapping[str, Any] | None, files: Mapping[str, Path]
) -> Iterable[StoredArrayObject]:
    for item in (described or {}).get("objects", ()):
        sha256, size = _adopt(files, f"{folder}/{item['path']}", item["sha256"])
        yield StoredArrayObject(kind=kind, key=item["path"], size=size, sha256=sha256)


def _store_product(
    item: Mapping[str, Any],
    kind: str,
    folder: str,
    files: Mapping[str, Path],
    code_version: str,
    inputs: tuple[str, ...],
) -> StoredProduct:
    sha256, size = _adopt(files, f"{folder}/{item['file']}", item["sha256"])
    described = {key: item.get(key) for key in ("shape", "dtype", "axes", "unit", "kind") if key in item}
    return StoredProduct(
        recipe=item["name"],
        kind=kind,
        title=str(item.get("title") or ""),
        parameters={**described, **(item.get("parameters") or {})},
        media_type="image/png" if kind == "preview" else "application/x-npy",
        size=size,
        sha256=sha256,
        code_version=code_version,
        input_digests=inputs,
    )


def _adopt(files: Mapping[str, Path], name: str, sha256: str) -> tuple[str, int]:
    """Move a result into the store; its digest is computed here, not believed."""
    path = files.get(name)
    if path is None:
        raise TransientError(f"The result {name} is missing.")
    stored = get_object_store().adopt(path, sha256, verify=True)
    return stored.digest, stored.size
