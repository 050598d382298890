"""Sandboxed: convert one measurement to Zarr, with companion and reductions, in one pass.

Request
    ``format``, ``files`` (relative paths, the primary first), ``hints`` (``scan_shape``), ``calibration``:
    ``semi_convergence_angle_mrad``, ``diffraction_pixel_size`` (``value`` and ``unit``: mrad, nm-1 or Ao-1),
    ``acceleration_voltage_kv``; ``limits``: ``threads``.
Output folder
    ``<signal>/zarr/…``, ``<signal>/companion/…`` (4D scans), ``<signal>/reductions/*.npy`` and
    ``reductions.json``.
Result
    The manifest: ``program``, ``version``, ``reader``, ``findings`` and per signal its description, ``kind``,
    ``sum_of_counts``, ``minimum``, ``maximum``, ``n_nan``, ``n_values``, ``verified``, ``zarr`` and
    ``companion`` with every object's path, size and sha256, ``direct_disk``, ``virtual_detectors`` and
    ``reductions`` with parameters.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.formats.opening import open_measurement
from ingest.formats.preloading import preload_readers
from ingest.readers.contract import ReadHints, SignalSource
from processing.engine.calibration import Calibration, resolve_angles
from processing.engine.one_pass import ConversionOptions, convert_signal
from processing.engine.plan_arrays import EmptyArrayError
from processing.engine.zarr_metadata import UnsupportedDtypeError
from processing.reductions.detector_plan import AngleKnowledge
from processing.reductions.warm_up import compile_in_memory_only, compile_kernels
from repository.schema.findings import Finding

Send = Callable[[dict[str, Any]], None]
RECIPE = "convert"
RECIPE_VERSION = 2  # 2: inner chunks carry their crc32c

preload_readers()
compile_kernels()  # before the sandbox closes: afterwards nothing can be loaded from the cache on disk
compile_in_memory_only()


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Convert every signal of a measurement; returns the manifest described above.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    files = {path: folder / path for path in request["files"]}
    hints = ReadHints.from_dict(request.get("hints") or {})
    calibration = Calibration.from_dict(request.get("calibration") or {})
    threads = int((request.get("limits") or {}).get("threads", 0))
    send({"type": "progress", "fraction": 0.0, "message": f"opening {request['files'][0]}"})
    with open_measurement(request["format"], files, hints) as opened:
        findings = [finding.as_dict() for finding in opened.findings]
        signals = []
        total = sum(signal.nbytes for signal in opened.signals) or 1
        before = 0
        for signal in opened.signals:

            def progress(
                fraction: float, message: str, start: int = before, size: int = signal.nbytes
            ) -> None:
                send({"type": "progress", "fraction": (start + fraction * size) / total, "message": message})

            converted, found = _convert(signal, output / signal.name, calibration, threads, progress)
            signals.extend(converted)
            findings.extend(finding.as_dict() for finding in found)
            before += signal.nbytes
        return {
            "program": RECIPE,
            "version": RECIPE_VERSION,
            "reader": {"name": opened.format, "version": opened.reader_version},
            "signals": signals,
            "findings": findings,
        }


def _convert(
    signal: SignalSource,
    folder: Path,
    calibration: Calibration,
    threads: int,
    progress: Callable[[float, str], None],
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Convert one signal; a signal that cannot be an array is a finding, and the others go on."""
    findings: list[Finding] = []
    angles = AngleKnowledge()
    if len(signal.axes) > 2 and signal.n_signal_axes == 2:  # noqa: PLR2004 - a scan of patterns
        angles, unused = resolve_angles(calibration, signal.axes)
        findings.extend([] if unused is None else [unused])
    options = ConversionOptions(angles=angles, threads=threads)
    try:
        return [convert_signal(signal, folder, options=options, progress=progress)], findings
    except (EmptyArrayError, UnsupportedDtypeError) as error:
        findings.append(
            Finding(
                "warning",
                "signal_not_converted",
                f"Signal {signal.name}: {error}",
                hint="The original file is kept and can be downloaded; there is no array to browse.",
                layer="reading",
            )
        )
        return [], findings
