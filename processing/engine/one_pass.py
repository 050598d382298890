"""One pass over a signal: Zarr, companion, reductions and sums from every byte read once."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ingest.readers.contract import SignalSource
from processing.engine.companion import CompanionWriter
from processing.engine.plan_arrays import BLOCK_BYTES, ArrayPlan, list_blocks, plan_array
from processing.engine.reduction_pass import NoReductions, PatternScanPass, ReductionPass, SpectrumScanPass
from processing.engine.render_previews import render_previews
from processing.engine.result_files import write_results
from processing.engine.sample_patterns import sample_mean_pattern
from processing.engine.signal_kind import classify_signal
from processing.engine.value_summary import ValueSummary
from processing.engine.verify_zarr import ArrayVerifier, compare_ends
from processing.engine.zarr_writer import WrittenObject, ZarrWriter
from processing.reductions.detector_plan import AngleKnowledge, DetectorPlan, plan_virtual_detectors
from processing.reductions.disk import DirectDisk, NoDisk, find_direct_disk

Region = tuple[slice, ...]
Progress = Callable[[float, str], None]
LARGEST_POOL = 4
READ_SHARE, VERIFY_SHARE = 0.8, 0.2
COMPANION_NEEDS_POSITIONS = 4
VERIFICATION = (
    "read back with tensorstore; sum, extremes, NaN count and number of values agree with the source"
)


@dataclass(frozen=True, slots=True)
class ConversionOptions:
    """What the pass is told from outside the data."""

    angles: AngleKnowledge = field(default_factory=AngleKnowledge)
    verify: bool = True
    threads: int = 0  # 0: one per core that this process may use, at most four


def convert_signal(
    source: SignalSource, folder: Path, *, options: ConversionOptions, progress: Progress
) -> dict[str, Any]:
    """Convert one signal into `zarr/`, `companion/`, `reductions/` and `previews/` of `folder`.

    Parameters
    ----------
    source
        An open signal; every block is read once, besides a sample of at most 256 patterns.
    folder
        The signal's own folder.
    progress
        Called with a fraction in [0, 1] and a sentence.

    Returns
    -------
    dict
        The signal's part of the manifest (`processing.engine.convert_program`).

    Raises
    ------
    EmptyArrayError, UnsupportedDtypeError
        When the signal cannot be stored as an array.
    ArrayDiffersError
        When what was written does not hold what was read.
    """
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    names = tuple(axis.name for axis in source.axes)
    kind = classify_signal(names, source.n_signal_axes)
    real = source.dtype.kind != "c"
    disk, detectors = (
        look_for_disk(source, options.angles) if kind == "pattern_scan" and real else (None, None)
    )
    reductions = start_reductions(source, kind if real else None, detectors)
    stored = _pass_over(source, plan, folder, reductions, options, progress)
    manifest = {
        **source.describe(),
        "kind": kind,
        **stored,
        "direct_disk": describe_disk(disk),
        "virtual_detectors": describe_detectors(detectors),
        "reductions": write_results(folder / "reductions", reductions.results()),
    }
    manifest["previews"] = render_previews(folder, manifest)
    progress(1.0, f"converted {source.name}")
    return manifest


def _pass_over(
    source: SignalSource,
    plan: ArrayPlan,
    folder: Path,
    reductions: ReductionPass,
    options: ConversionOptions,
    progress: Progress,
) -> dict[str, Any]:
    """Read every block once; return what was stored."""
    with ThreadPoolExecutor(count_threads(options.threads)) as pool, ThreadPoolExecutor(1) as reader:
        writer = ZarrWriter(
            folder / "zarr",
            plan=plan,
            dtype=source.dtype,
            dimension_names=tuple(axis.name for axis in source.axes),
            attributes=build_attributes(source),
            executor=pool,
        )
        wanted = isinstance(reductions, PatternScanPass)
        companion = _start_companion(source, plan, folder, pool) if wanted else None
        run = _Pass(writer, companion, reductions, pool)
        for region, block, done in read_ahead(source, plan, reader):
            run.take(region, block)
            progress(done * READ_SHARE, f"converting {source.name}")
        objects = writer.finish()
        values = writer.summarize()
        if options.verify:
            verifier = ArrayVerifier(folder / "zarr", plan=plan, dtype=source.dtype, checks=writer.checks)
            _verify(verifier, values, pool, lambda share: progress(share, f"verifying {source.name}"))
            compare_ends(folder / "zarr", plan, run.ends)
        return {
            **values.as_dict(),
            "verified": VERIFICATION if options.verify else None,
            "zarr": _describe_array("zarr", plan, objects),
            "companion": None if companion is None else _describe_companion(companion, companion.finish()),
        }


def count_threads(wanted: int) -> int:
    """Return the size of the pool: `wanted`, or the cores of this process up to four."""
    return wanted or max(1, min(LARGEST_POOL, len(os.sched_getaffinity(0))))


def build_attributes(source: SignalSource) -> dict[str, Any]:
    """Return the attributes of the primary array."""
    return {
        "axes": [axis.as_dict() for axis in source.axes],
        "intensity_unit": source.intensity_unit,
        "n_signal_axes": source.n_signal_axes,
        "shape_origin": source.shape_origin,
        "orientation": source.orientation,
    }


@dataclass(slots=True)
class _Pass:
    """What every block goes through."""

    writer: ZarrWriter
    companion: CompanionWriter | None
    reductions: ReductionPass
    pool: Executor
    first: npt.NDArray[Any] | None = None
    last: npt.NDArray[Any] | None = None

    @property
    def ends(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        assert self.first is not None  # noqa: S101 - narrows the type
        assert self.last is not None  # noqa: S101
        return self.first, self.last

    def take(self, region: Region, block: npt.NDArray[Any]) -> None:
        self.reductions.begin(region, block, self.pool)
        binned = None if self.companion is None else self.pool.submit(self.companion.bin, block)
        self.writer.write(region, block)
        if self.companion is not None and binned is not None:
            self.companion.add(region, binned.result())
        self.reductions.complete()
        self.first = block if self.first is None else self.first
        self.last = block


def read_ahead(
    source: SignalSource, plan: ArrayPlan, reader: Executor, block_bytes: int = BLOCK_BYTES
) -> Iterator[tuple[Region, npt.NDArray[Any], float]]:
    """Yield (region, block, share done after it), reading the next block while this one is worked on."""
    regions = list(list_blocks(plan, block_bytes))
    total = math.prod(plan.shape)
    done = 0
    waiting = reader.submit(source.read, regions[0])
    for number, region in enumerate(regions):
        block = waiting.result()
        if number + 1 < len(regions):
            waiting = reader.submit(source.read, regions[number + 1])
        done += block.size
        yield region, block, done / total


def start_reductions(source: SignalSource, kind: str | None, detectors: DetectorPlan | None) -> ReductionPass:
    """Return the reductions that make sense for a signal."""
    if kind == "pattern_scan" and detectors is not None:
        return PatternScanPass(source, detectors)
    if kind == "spectrum_scan":
        return SpectrumScanPass(source)
    return NoReductions()


def look_for_disk(source: SignalSource, angles: AngleKnowledge) -> tuple[DirectDisk | NoDisk, DetectorPlan]:
    """Sample the scan, look for the direct disk and choose the virtual detectors."""
    sample = sample_mean_pattern(source)
    disk = find_direct_disk(sample)
    return disk, plan_virtual_detectors(sample, disk=disk, angles=angles)


def _start_companion(
    source: SignalSource, plan: ArrayPlan, folder: Path, pool: Executor
) -> CompanionWriter | None:
    leading = source.leading_shape
    if (
        math.prod(leading) < COMPANION_NEEDS_POSITIONS
        or plan.chunk[len(leading) :] != plan.shape[len(leading) :]
    ):
        return None
    names = tuple(axis.name for axis in source.axes[: len(leading)])
    return CompanionWriter(
        folder / "companion", plan=plan, dtype=source.dtype, leading_names=names, executor=pool
    )


def _verify(
    verifier: ArrayVerifier, values: ValueSummary, pool: Executor, progress: Callable[[float], None]
) -> None:
    for number, check in enumerate(verifier.checks):
        progress(READ_SHARE + VERIFY_SHARE * number / len(verifier.checks))
        verifier.verify_shard(check, pool)
    verifier.finish(values)


def _describe_array(path: str, plan: ArrayPlan, objects: Sequence[WrittenObject]) -> dict[str, Any]:
    return {
        "path": path,
        "chunk": list(plan.chunk),
        "shard": list(plan.shard),
        "objects": [item.as_dict() for item in objects],
    }


def _describe_companion(companion: CompanionWriter, objects: Sequence[WrittenObject]) -> dict[str, Any]:
    return {
        "path": "companion",
        "bin_factor": companion.factor,
        "objects": [item.as_dict() for item in objects],
    }


def describe_disk(disk: DirectDisk | NoDisk | None) -> dict[str, Any] | None:
    """Return the JSON form of what was found on the sample; None where nobody looked."""
    if disk is None:
        return None
    if isinstance(disk, NoDisk):
        return {"found": False, "reason": disk.reason}
    return {
        "found": True,
        "center_px": list(disk.center),
        "radius_px": disk.radius,
        "center_uncertainty_px": disk.center_uncertainty,
        "radius_uncertainty_px": disk.radius_uncertainty,
        "edge_width_px": disk.edge_width,
        "method": "edge fitted to the mean of up to 256 evenly spread patterns",
    }


def describe_detectors(plan: DetectorPlan | None) -> dict[str, Any] | None:
    """Return what the radii of the virtual detectors rest on."""
    if plan is None:
        return None
    return {
        "source_of_angles": plan.source_of_angles,
        "source_of_center": plan.source_of_center,
        "center_px": list(plan.center),
        "alpha_px": plan.disk_radius_px,
        "mrad_per_px": plan.mrad_per_px,
        "note": plan.note,
    }
