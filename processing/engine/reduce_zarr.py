"""Recipes from a finished Zarr: for a new angle, new optics, a new version, or because somebody asks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.readers.contract import Axis, Region, SignalSource
from processing.engine.one_pass import count_threads, read_ahead
from processing.engine.plan_arrays import REDUCTION_BLOCK_BYTES, plan_array
from processing.engine.render_previews import draw_reductions
from processing.engine.signal_entries import SignalWork, describe_signal
from processing.engine.signal_work import ConversionOptions, describe_reduced, start_recipes
from processing.engine.verify_zarr import open_array

Progress = Callable[[float, str], None]


def reduce_signal(
    source: SignalSource, folder: Path, *, options: ConversionOptions, progress: Progress
) -> SignalWork:
    """Run recipes over a converted array.

    Parameters
    ----------
    source
        From `open_converted`.
    folder
        Receives `reductions/` and `previews/`.
    options
        `optics` decides the radii, `recipes` what is made; `verify` has no meaning here.
    progress
        Called with a fraction in [0, 1] and a sentence.
    """
    plan = plan_array(source.shape, source.dtype.itemsize, source.n_signal_axes)
    started = start_recipes(source, options)
    with ThreadPoolExecutor(count_threads(options.threads)) as pool, ThreadPoolExecutor(1) as reader:
        for region, block, done in read_ahead(source, plan, reader, REDUCTION_BLOCK_BYTES):
            started.recipes.begin(region, block, pool)
            started.recipes.complete()
            progress(done, f"reducing {source.name}")
    entry = describe_reduced(describe_signal(source), folder, started)
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
        axes=tuple(Axis(**axis) for axis in attributes["axes"]),
        n_signal_axes=int(attributes["n_signal_axes"]),
        load=load,
        intensity_unit=attributes["intensity_unit"],
        shape_origin=attributes["shape_origin"],
        orientation=attributes["orientation"],
    )
