"""One pass over a signal: Zarr, detector-major copy, reductions and sums from every byte read once."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ingest.readers.contract import Axis, SignalSource
from ingest.readers.dead_pixels import DEAD_PIXELS
from processing.declarations.manifest import (
    ArrayEntry,
    ObjectEntry,
    SignalEntry,
    ValuesEntry,
)
from processing.engine.detector_major import DetectorMajorWriter, start_detector_major
from processing.engine.plan_arrays import BLOCK_BYTES, ArrayPlan, list_blocks, plan_array
from processing.engine.record_axes import describe_calibration, take_axes
from processing.engine.reduction_pass import RecipePass
from processing.engine.render_previews import look_at_middle, render_previews
from processing.engine.signal_entries import SignalWork, describe_signal
from processing.engine.signal_work import (
    ConversionOptions,
    StartedRecipes,
    describe_reduced,
    start_recipes,
)
from processing.engine.value_summary import ValueSummary
from processing.engine.verify_zarr import ArrayVerifier, compare_ends
from processing.engine.zarr_writer import WrittenObject, ZarrWriter

Region = tuple[slice, ...]
Progress = Callable[[float, str], None]
LARGEST_POOL = 4
READ_SHARE, VERIFY_SHARE = 0.8, 0.2
VERIFICATION = (
    "read back with tensorstore; sum, extremes, NaN count and number of values agree with the source"
)


def convert_signal(
    source: SignalSource, folder: Path, *, options: ConversionOptions, progress: Progress
) -> SignalWork:
    """Convert one signal into `zarr/`, `companion/`, `reductions/` and `previews/` of `folder`.

    Parameters
    ----------
    source
        An open signal; every block is read once, besides a sample of at most 256 patterns.
    folder
        The signal's own folder.
    progress
        Called with a fraction in [0, 1] and a sentence.

    Raises
    ------
    EmptyArrayError, UnsupportedDtypeError
        When the signal cannot be stored as an array.
    ArrayDiffersError
        When what was written does not hold what was read.
    """
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    in_file, source = source.axes, take_axes(source, options.axes)
    started = start_recipes(source, options)
    stored = _pass_over(source, plan, folder, started, options, progress, in_file)
    entry = describe_reduced(stored, folder, started)
    pictures = render_previews(folder, entry)
    progress(1.0, f"converted {source.name}")
    return SignalWork(
        replace(entry, previews=pictures.entries, frame=look_at_middle(folder, entry)),
        reduction_findings=(*started.findings, *pictures.findings),
    )


def _pass_over(
    source: SignalSource,
    plan: ArrayPlan,
    folder: Path,
    started: StartedRecipes,
    options: ConversionOptions,
    progress: Progress,
    in_file: tuple[Axis, ...],
) -> SignalEntry:
    """Read every block once; return what was stored."""
    with ThreadPoolExecutor(count_threads(options.threads)) as pool, ThreadPoolExecutor(1) as reader:
        writer = ZarrWriter(
            folder / "zarr",
            plan=plan,
            dtype=source.dtype,
            dimension_names=tuple(axis.name for axis in source.axes),
            attributes=build_attributes(source, in_file),
            executor=pool,
        )
        # It is binned on the detector: there is one where patterns have detectors.
        detector_major = None if started.plan is None else start_detector_major(source, plan, folder, pool)
        run = _Pass(writer, detector_major, started.recipes, pool)
        for region, block, done in read_ahead(source, plan, reader):
            run.take(region, block)
            progress(done * READ_SHARE, f"converting {source.name}")
        objects = writer.finish()
        values = writer.summarize()
        if options.verify:
            verifier = ArrayVerifier(folder / "zarr", plan=plan, dtype=source.dtype, checks=writer.checks)
            _verify(verifier, values, pool, lambda share: progress(share, f"verifying {source.name}"))
            compare_ends(folder / "zarr", plan, run.ends)
        return replace(
            describe_signal(source),
            values=ValuesEntry(**values.as_dict()),
            verified=VERIFICATION if options.verify else None,
            zarr=ArrayEntry("zarr", plan.chunk, plan.shard, _describe_objects(objects)),
            detector_major=None if detector_major is None else detector_major.describe(),
        )


def count_threads(wanted: int) -> int:
    """Return the size of the pool: `wanted`, or the cores of this process up to four."""
    return wanted or max(1, min(LARGEST_POOL, len(os.sched_getaffinity(0))))


def build_attributes(source: SignalSource, in_file: Sequence[Axis]) -> dict[str, Any]:
    """Return the attributes of the primary array; beside its axes those of the file, where they differ."""
    return {
        **describe_calibration(source.axes, in_file),
        "intensity_unit": source.intensity_unit,
        "n_signal_axes": source.n_signal_axes,
        "shape_origin": source.shape_origin,
        "orientation": source.orientation,
        **({DEAD_PIXELS: [list(one) for one in source.dead_pixels]} if source.dead_pixels else {}),
    }


@dataclass(slots=True)
class _Pass:
    """What every block goes through."""

    writer: ZarrWriter
    detector_major: DetectorMajorWriter | None
    recipes: RecipePass
    pool: Executor
    first: npt.NDArray[Any] | None = None
    last: npt.NDArray[Any] | None = None

    @property
    def ends(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        assert self.first is not None  # noqa: S101 - narrows the type
        assert self.last is not None  # noqa: S101
        return self.first, self.last

    def take(self, region: Region, block: npt.NDArray[Any]) -> None:
        self.recipes.begin(region, block, self.pool)
        binned = None if self.detector_major is None else self.pool.submit(self.detector_major.bin, block)
        self.writer.write(region, block)
        if self.detector_major is not None and binned is not None:
            self.detector_major.add(region, binned.result())
        self.recipes.complete()
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


def _verify(
    verifier: ArrayVerifier, values: ValueSummary, pool: Executor, progress: Callable[[float], None]
) -> None:
    for number, check in enumerate(verifier.checks):
        progress(READ_SHARE + VERIFY_SHARE * number / len(verifier.checks))
        verifier.verify_shard(check, pool)
    verifier.finish(values)


def _describe_objects(objects: Sequence[WrittenObject]) -> tuple[ObjectEntry, ...]:
    return tuple(ObjectEntry(**item.as_dict()) for item in objects)
