"""What is timed: our code and what it is compared with, on the same scan. Each runs in a process of its own.

A workload gets ready (imports, compilation, opening), then returns the function that is measured.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import tensorstore

from ingest.readers.contract import Axis, Region, SignalSource
from processing.declarations.book import get_book
from processing.declarations.manifest import Optics
from processing.declarations.recipe import ChosenRecipe
from processing.engine.angles import build_facts
from processing.engine.one_pass import convert_signal, read_ahead
from processing.engine.plan_arrays import REDUCTION_BLOCK_BYTES, plan_array
from processing.engine.reduction_pass import RecipePass
from processing.engine.signal_work import ConversionOptions
from processing.engine.verify_zarr import open_array
from processing.engine.zarr_metadata import build_array_metadata, encode_array_metadata
from processing.engine.zarr_writer import ZarrWriter
from processing.reductions.annulus import Annulus
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import NoDisk
from processing.reductions.warm_up import compile_kernels
from tests.benchmarks.scan import CENTER, DETECTOR, RADIUS, Scan
from tests.detector_major_copy import DetectorMajorCopy
from tests.pattern_numbers import sum_virtual_detectors

Work = Callable[[], dict[str, Any]]
THREADS = 2
RANDOM_PATTERNS = 64


def open_raw(scan: Scan) -> SignalSource:
    """Open the raw scan with plain reads."""
    size_y, size_x = scan.shape[:2]
    pattern = DETECTOR[0] * DETECTOR[1]
    descriptor = os.open(scan.path, os.O_RDONLY)

    def load(region: Region) -> npt.NDArray[Any]:
        rows, columns = region
        block = np.empty((rows.stop - rows.start, columns.stop - columns.start, *DETECTOR), np.uint16)
        if columns.stop - columns.start == size_x:
            os.preadv(descriptor, [block.data.cast("B")], rows.start * size_x * pattern * 2)
            return block
        for number, row in enumerate(range(rows.start, rows.stop)):
            os.preadv(
                descriptor, [block[number].data.cast("B")], (row * size_x + columns.start) * pattern * 2
            )
        return block

    names = ("scan_y", "scan_x", "detector_y", "detector_x")
    axes = tuple(Axis(name, size) for name, size in zip(names, (size_y, size_x, *DETECTOR), strict=True))
    return SignalSource("data", scan.shape, np.dtype(np.uint16), axes, 2, load, "1")


def ring_masks() -> list[npt.NDArray[np.bool_]]:
    """Return the four virtual detectors of every workload."""
    bounds = ((0, 0.5), (0.5, 1), (1.1, 2.5), (2.5, np.inf))
    return [Annulus(CENTER, low * RADIUS, high * RADIUS).mask(DETECTOR) for low, high in bounds]


def reductions_ours(scan: Scan, work: Path) -> Work:
    """Take four rings, center of mass, mean and maximum from the raw file."""
    compile_kernels()
    source = open_raw(scan)
    plan = plan_array(source.shape, 2, 2)
    middle = np.zeros(DETECTOR)
    angles = AngleKnowledge(semi_convergence_angle_mrad=RADIUS, mrad_per_px=1.0)
    detectors = plan_virtual_detectors(middle, disk=NoDisk("not looked for"), angles=angles)
    facts = build_facts(source, Optics(), detectors)
    chosen = [
        ChosenRecipe(recipe, recipe.check_parameters({})) for recipe in get_book().list_for("pattern_scan")
    ]

    def run() -> dict[str, Any]:
        recipes = RecipePass(facts, chosen)
        with ThreadPoolExecutor(THREADS) as pool, ThreadPoolExecutor(1) as reader:
            for region, block, _ in read_ahead(source, plan, reader, REDUCTION_BLOCK_BYTES):
                recipes.begin(region, block, pool)
                recipes.complete()
        found = {result.output.name: result.values for result in recipes.finish()}
        return {
            "bright": int(found["virtual_bright_field"].sum()),
            "total": int(found["summed_intensity"].sum()),
            "maximum": int(found["max_diffraction_pattern"].max()),
        }

    return run


def reductions_libertem(scan: Scan, work: Path) -> Work:
    """Take the same outputs by LiberTEM's threads executor."""
    from libertem.api import Context
    from libertem.udf.base import UDF
    from libertem.udf.com import CoMUDF
    from libertem.udf.masks import ApplyMasksUDF
    from libertem.udf.sum import SumUDF

    class MaximumUDF(UDF):  # type: ignore[misc]  # an untyped base
        def get_result_buffers(self) -> dict[str, Any]:
            return {"maximum": self.buffer(kind="sig", dtype=self.meta.input_dtype)}

        def process_tile(self, tile: npt.NDArray[Any]) -> None:
            self.results.maximum[:] = np.maximum(self.results.maximum, tile.max(axis=0))

        def merge(self, dest: Any, src: Any) -> None:
            dest.maximum[:] = np.maximum(dest.maximum, src.maximum)

    context = Context.make_with("threads", cpus=THREADS)
    dataset = context.load(
        "raw", path=str(scan.path), nav_shape=scan.shape[:2], sig_shape=DETECTOR, dtype="uint16"
    )
    masks = ring_masks()
    udfs = [
        ApplyMasksUDF(
            mask_factories=[lambda mask=mask: mask.astype(np.float32) for mask in masks],
            mask_dtype=np.float32,
            mask_count=4,
            use_sparse=False,
        ),
        CoMUDF.with_params(cy=CENTER[0], cx=CENTER[1]),
        SumUDF(),
        MaximumUDF(),
    ]
    first = np.zeros(scan.shape[:2], dtype=bool)
    first[0, :8] = True
    context.run_udf(dataset=dataset, udf=udfs, roi=first)  # compiles

    def run() -> dict[str, Any]:
        rings, _, total, maximum = context.run_udf(dataset=dataset, udf=udfs)
        return {
            "bright": int(rings["intensity"].data[..., 0].sum(dtype=np.float64)),
            "total": int(total["intensity"].data.sum(dtype=np.float64)),
            "maximum": int(maximum["maximum"].data.max()),
        }

    return run


def convert_ours(scan: Scan, work: Path) -> Work:
    """Write Zarr with digests, exact sum, extremes and a checksum of every chunk."""
    return convert_source(open_raw(scan), work)


def convert_source(source: SignalSource, work: Path) -> Work:
    """Do that with any signal."""
    compile_kernels()
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)

    def run() -> dict[str, Any]:
        with ThreadPoolExecutor(THREADS) as pool, ThreadPoolExecutor(1) as reader:
            writer = ZarrWriter(
                work / "zarr",
                plan=plan,
                dtype=source.dtype,
                dimension_names=tuple(axis.name for axis in source.axes),
                attributes={},
                executor=pool,
            )
            for region, block, _ in read_ahead(source, plan, reader):
                writer.write(region, block)
            objects = writer.finish()
        return {"total": int(writer.summarize().total), "bytes": sum(item.size for item in objects)}

    return run


def convert_everything(scan: Scan, work: Path) -> Work:
    """Run the whole program: array, detector-major copy, reductions, previews, and every chunk read back."""
    compile_kernels()
    source = open_raw(scan)

    def run() -> dict[str, Any]:
        options = ConversionOptions(threads=THREADS)
        entry = convert_signal(source, work / "signal", options=options, progress=lambda *_: None).entry
        assert entry is not None
        assert entry.zarr is not None
        assert entry.values is not None
        return {
            "total": entry.values.sum_of_counts,
            "bytes": sum(item.size for item in entry.zarr.objects),
        }

    return run


def convert_tensorstore(scan: Scan, work: Path) -> Work:
    """Write with a bare tensorstore loop, same codec and shapes, shard by shard, and hash what it wrote."""
    return write_bare(open_raw(scan), work)


def write_bare(source: SignalSource, work: Path) -> Work:
    """Do that with any scan."""
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    folder = work / "bare"
    metadata = build_array_metadata(
        shape=plan.shape,
        dtype=source.dtype,
        chunk=plan.chunk,
        shard=plan.shard,
        dimension_names=tuple(axis.name for axis in source.axes),
        attributes={},
    )

    def run() -> dict[str, Any]:
        folder.mkdir(parents=True)
        (folder / "zarr.json").write_bytes(encode_array_metadata(metadata))
        context = tensorstore.Context({"data_copy_concurrency": {"limit": THREADS}})
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder}/"}}
        array = tensorstore.open(spec, open=True, context=context).result()
        total = 0
        waiting: list[Any] = []
        for y in range(0, plan.shape[0], plan.shard[0]):
            for x in range(0, plan.shape[1], plan.shard[1]):
                rows = slice(y, min(y + plan.shard[0], plan.shape[0]))
                columns = slice(x, min(x + plan.shard[1], plan.shape[1]))
                block = source.read((rows, columns))
                if len(waiting) == THREADS:
                    waiting.pop(0).result()
                waiting.append(array[rows, columns].write(block))
        for write in waiting:
            write.result()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                total += len(content)
                hashlib.sha256(content).hexdigest()
        return {"bytes": total}

    return run


def full_pass(scan: Scan, work: Path) -> Work:
    """Take one virtual detector from the converted array, every pattern read."""
    compile_kernels()
    array = open_array(scan.converted / "zarr")
    mask = ring_masks()[2]

    def run() -> dict[str, Any]:
        image = np.zeros(scan.shape[:2])
        for y in range(0, scan.shape[0], 8):
            image[y : y + 8] = sum_virtual_detectors(array[y : y + 8].read().result(), [mask])[0]
        return {"total": int(image.sum())}

    return run


def companion_image(scan: Scan, work: Path) -> Work:
    """Take the same virtual detector from the detector-major copy."""
    detector_major = DetectorMajorCopy.open(scan.converted / "companion")
    mask = ring_masks()[2]
    detector_major.virtual_image(mask)

    def run() -> dict[str, Any]:
        for _ in range(COMPANION_REPEATS - 1):
            detector_major.virtual_image(mask)
        return {"total": int(detector_major.virtual_image(mask).sum()), "repeats": COMPANION_REPEATS}

    return run


COMPANION_REPEATS = 10
BATCHES = 20


def _positions(scan: Scan) -> list[npt.NDArray[np.intp]]:
    rng = np.random.default_rng(1)
    sizes = np.array(scan.shape[:2])
    return [rng.integers(0, sizes, (RANDOM_PATTERNS, 2)) for _ in range(BATCHES)]


def patterns_memmap(scan: Scan, work: Path) -> Work:
    """Read batches of 64 random patterns from a memory map of the raw file."""
    raw = np.memmap(scan.path, np.uint16, "r", shape=scan.shape)
    batches = _positions(scan)

    def run() -> dict[str, Any]:
        total = sum(int(np.stack([raw[y, x] for y, x in batch]).sum()) for batch in batches)
        return {"total": total, "repeats": BATCHES}

    return run


def patterns_hdf5(scan: Scan, work: Path) -> Work:
    """Read the same batches from a contiguous HDF5 dataset with h5py."""
    path = scan.path.with_suffix(".h5")
    if not path.exists():
        raw = np.memmap(scan.path, np.uint16, "r", shape=scan.shape)
        with h5py.File(path, "w") as file:
            dataset = file.create_dataset("data", scan.shape, np.uint16)
            for row in range(scan.shape[0]):
                dataset[row] = raw[row]
    contiguous = h5py.File(path, "r")["data"]
    batches = _positions(scan)

    def run() -> dict[str, Any]:
        total = sum(int(np.stack([contiguous[y, x] for y, x in batch]).sum()) for batch in batches)
        return {"total": total, "repeats": BATCHES}

    return run


def patterns_zarr(scan: Scan, work: Path) -> Work:
    """Read the same batches from the converted array."""
    array = open_array(scan.converted / "zarr")
    batches = _positions(scan)

    def run() -> dict[str, Any]:
        total = sum(int(array.vindex[batch[:, 0], batch[:, 1]].read().result().sum()) for batch in batches)
        return {"total": total, "repeats": BATCHES}

    return run


WORKLOADS: dict[str, Callable[[Scan, Path], Work]] = {
    "reductions_ours": reductions_ours,
    "reductions_libertem": reductions_libertem,
    "convert_ours": convert_ours,
    "convert_everything": convert_everything,
    "convert_tensorstore": convert_tensorstore,
    "full_pass": full_pass,
    "companion_image": companion_image,
    "patterns_memmap": patterns_memmap,
    "patterns_hdf5": patterns_hdf5,
    "patterns_zarr": patterns_zarr,
}


def clean(work: Path) -> None:
    """Remove what a workload wrote."""
    shutil.rmtree(work, ignore_errors=True)
