"""The same reductions from a finished Zarr, for a new angle, a new calibration or a new recipe version."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.contract import Axis, Region, SignalSource
from processing.engine.one_pass import (
    ConversionOptions,
    count_threads,
    describe_detectors,
    describe_disk,
    look_for_disk,
    read_ahead,
    start_reductions,
)
from processing.engine.plan_arrays import REDUCTION_BLOCK_BYTES, plan_array
from processing.engine.result_files import write_results
from processing.engine.signal_kind import classify_signal
from processing.engine.verify_zarr import open_array

Progress = Callable[[float, str], None]


def reduce_zarr(
    array: Path, folder: Path, *, options: ConversionOptions, progress: Progress
) -> dict[str, Any]:
    """Run all reductions of a converted array again.

    Parameters
    ----------
    array
        Root of a primary array (`<signal>/zarr`).
    folder
        Receives the `.npy` files and `reductions.json`.
    options
        `angles` decides the radii; `verify` has no meaning here.
    progress
        Called with a fraction in [0, 1] and a sentence.

    Returns
    -------
    dict
        ``kind``, ``direct_disk``, ``virtual_detectors`` and ``reductions`` as in the manifest of a
        conversion.
    """
    source = open_converted(array)
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    kind = classify_signal(tuple(axis.name for axis in source.axes), source.n_signal_axes)
    kind = None if source.dtype.kind == "c" else kind
    disk, detectors = look_for_disk(source, options.angles) if kind == "pattern_scan" else (None, None)
    reductions = start_reductions(source, kind, detectors)
    with ThreadPoolExecutor(count_threads(options.threads)) as pool, ThreadPoolExecutor(1) as reader:
        for region, block, done in read_ahead(source, plan, reader, REDUCTION_BLOCK_BYTES):
            reductions.begin(region, block, pool)
            reductions.complete()
            progress(done, f"reducing {source.name}")
    return {
        "kind": kind,
        "direct_disk": describe_disk(disk),
        "virtual_detectors": describe_detectors(detectors),
        "reductions": write_results(folder, reductions.results()),
    }


def open_converted(folder: Path, name: str = "data") -> SignalSource:
    """Open a converted array as a signal, by the attributes that its conversion wrote."""
    array = open_array(folder)
    attributes = array.spec().to_json()["metadata"]["attributes"]

    def load(region: Region) -> Any:
        return array[region].read().result()

    return SignalSource(
        name=name,
        shape=tuple(int(size) for size in array.shape),
        dtype=np.dtype(array.dtype.numpy_dtype),
        axes=tuple(Axis(**axis) for axis in attributes["axes"]),
        n_signal_axes=int(attributes["n_signal_axes"]),
        load=load,
        intensity_unit=attributes["intensity_unit"],
        shape_origin=attributes["shape_origin"],
        orientation=attributes["orientation"],
    )
