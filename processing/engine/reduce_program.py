"""Confined: the reductions of a converted measurement again, after its angles or calibration changed.

Request
    ``signals``: names of the arrays, whose objects lie below ``<signal>/zarr/``; ``calibration`` and
    ``limits`` as for `processing.engine.convert_program`.
Output folder
    ``<signal>/reductions/*.npy`` and ``<signal>/previews/*.png``.
Result
    ``program``, ``version``, ``findings`` and per signal ``name``, ``direct_disk``, ``virtual_detectors``,
    ``reductions`` and ``previews``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from processing.engine.calibration import Calibration, resolve_angles
from processing.engine.one_pass import ConversionOptions
from processing.engine.reduce_zarr import open_converted, reduce_zarr
from processing.engine.render_previews import render_previews
from processing.reductions.warm_up import compile_in_memory_only, compile_kernels

Send = Callable[[dict[str, Any]], None]
RECIPE = "reduce"
RECIPE_VERSION = 1

compile_kernels()  # before the sandbox closes: afterwards nothing can be loaded from the cache on disk
compile_in_memory_only()


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Reduce every named signal again; returns the manifest described above."""
    calibration = Calibration.from_dict(request.get("calibration") or {})
    threads = int((request.get("limits") or {}).get("threads", 0))
    names: list[str] = request["signals"]
    signals: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for number, name in enumerate(names):

        def progress(fraction: float, message: str, start: int = number) -> None:
            send({"type": "progress", "fraction": (start + fraction) / len(names), "message": message})

        source = open_converted(folder / name / "zarr", name)
        angles, unused = resolve_angles(calibration, source.axes)
        findings.extend([] if unused is None else [unused.as_dict()])
        reduced = reduce_zarr(
            folder / name / "zarr",
            output / name / "reductions",
            options=ConversionOptions(angles=angles, threads=threads),
            progress=progress,
        )
        manifest = {**source.describe(), **reduced}
        manifest["previews"] = render_previews(output / name, manifest)
        signals.append(manifest)
    return {"program": RECIPE, "version": RECIPE_VERSION, "signals": signals, "findings": findings}
