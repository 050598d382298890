"""Recipes from a finished Zarr: for a new angle, new optics, a new version, or because somebody asks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.contract import Axis, Region, SignalSource
from ingest.readers.dead_pixels import DEAD_PIXELS, read_rectangles
from processing.engine.detector_major import start_detector_major
from processing.engine.one_pass import count_threads, read_ahead
from processing.engine.plan_arrays import BLOCK_BYTES, REDUCTION_BLOCK_BYTES, plan_array
from processing.engine.record_axes import take_axes
from processing.engine.render_previews import draw_array, draw_reductions
from processing.engine.signal_entries import SignalWork, describe_signal
from processing.engine.signal_work import ConversionOptions, describe_reduced, start_recipes
from processing.engine.verify_zarr import open_array

Progress = Callable[[float, str], None]


def reduce_signal(
    source: SignalSource,
    folder: Path,
    *,
    options: ConversionOptions,
    progress: Progress,
    anew_from: Path | None = None,
) -> SignalWork:
    """Run recipes over a converted array.

    Parameters
    ----------
    source
        From `open_converted`.
    folder
        Receives `reductions/` and `previews/`.
    options
        `optics` decides the radii, `axes` the lengths, `recipes` what is made; `verify` has no meaning here.
    progress
        Called with a fraction in [0, 1] and a sentence.
    anew_from
        The folder with `zarr/`, where the array was taken for another kind: the detector-major copy is made as well,
        and the picture of the array itself where no recipe works on it, as its conversion would have.
    """
    source = take_axes(source, options.axes)
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    started = start_recipes(source, options)
    with ThreadPoolExecutor(count_threads(options.threads)) as pool, ThreadPoolExecutor(1) as reader:
        makes_copy = anew_from is not None and started.plan is not None
        # In the blocks of a conversion sums of floats come out to the last bit as its own.
        block_bytes = REDUCTION_BLOCK_BYTES if anew_from is None else BLOCK_BYTES
        copy = start_detector_major(source, plan, folder, pool) if makes_copy else None
        is_read = copy is not None or started.recipes.has_work
        for region, block, done in read_ahead(source, plan, reader, block_bytes) if is_read else ():
            started.recipes.begin(region, block, pool)
            if copy is not None:
                copy.take(region, block)
            started.recipes.complete()
            progress(done, f"reducing {source.name}")
        made = None if copy is None else copy.describe()
    entry = describe_reduced(replace(describe_signal(source), detector_major=made), folder, started)
    if anew_from is not None and not entry.reductions:
        pictures = draw_array(anew_from, entry, target=folder)
    else:
        pictures = draw_reductions(folder, entry)
    return SignalWork(
        replace(entry, previews=pictures.entries),
        reduction_findings=(*started.findings, *pictures.findings),
    )


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
        axes=tuple(Axis.from_dict(axis) for axis in attributes["axes"]),
        n_signal_axes=int(attributes["n_signal_axes"]),
        load=load,
        intensity_unit=attributes["intensity_unit"],
        shape_origin=attributes["shape_origin"],
        orientation=attributes["orientation"],
        dead_pixels=read_rectangles(attributes.get(DEAD_PIXELS)),
    )
