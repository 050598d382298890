"""Confined: recipes over a converted measurement, after its optics changed or because somebody asks for one.

Order
    ``signals``: names of the arrays, whose objects lie below ``<signal>/zarr/``; ``optics``, ``axes``,
    ``recipes``; ``kinds``, and ``anew``: of which arrays all is made that a conversion makes beside them;
    ``recalibrate``: arrays whose axes have changed, with the results in ``<signal>/reductions/`` that are
    drawn again.
Output folder
    ``<signal>/reductions/*.npy`` and ``<signal>/previews/*.png``; ``<signal>/zarr/zarr.json`` of changed axes;
    ``<signal>/companion/…`` of what is made anew.
Result
    The manifest; signals have neither arrays nor values.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.readers.contract import OpenedFile, SignalSource
from processing.declarations.book import get_book
from processing.engine.program_outline import Program, Progress, read_order, read_recipes, work_through
from processing.engine.recalibrate import ARRAY, recalibrate_signal
from processing.engine.record_axes import take_axes
from processing.engine.reduce_zarr import open_converted, reduce_signal
from processing.engine.signal_entries import SignalWork
from processing.engine.signal_work import ConversionOptions
from processing.reductions.warm_up import compile_in_memory_only, compile_kernels

RECIPE = "reduce"
RECIPE_VERSION = 1

compile_kernels()  # before the sandbox closes: afterwards nothing can be loaded from the cache on disk
compile_in_memory_only()
get_book().load_functions()


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Run recipes over every named signal, and follow changed axes; returns the manifest."""
    order = read_order(request)
    options = ConversionOptions(
        optics=order.optics,
        axes=order.axes,
        kinds=order.kinds,
        recipes=read_recipes(order),
        threads=order.limits.threads,
    )
    changed = {one.signal: one for one in order.recalibrate}
    names = tuple(dict.fromkeys((*order.signals, *changed)))
    signals = tuple(open_converted(folder / name / ARRAY, name) for name in names)

    def work(signal: SignalSource, progress: Progress) -> SignalWork:
        signal, target = take_axes(signal, order.axes), output / signal.name
        done = SignalWork(None)
        if signal.name in order.signals:
            anew = signal.name in order.anew
            done = reduce_signal(
                signal,
                target,
                options=replace(options, with_usual=anew),
                progress=progress,
                anew_from=folder / signal.name if anew else None,
            )
        if signal.name in changed:
            after = recalibrate_signal(signal, changed[signal.name], folder / signal.name, target)
            done = _join(done, after)
        return done

    with OpenedFile(format="", reader_version="", signals=signals, header={}) as opened:
        return work_through(Program(RECIPE, RECIPE_VERSION), opened, work, send)


def _join(reduced: SignalWork, recalibrated: SignalWork) -> SignalWork:
    """Return what was made of one signal by both."""
    entry, after = reduced.entry or recalibrated.entry, recalibrated.entry
    if entry is not None and after is not None:
        entry = replace(entry, redrawn=after.redrawn, metadata=after.metadata)
    found = (*reduced.reduction_findings, *recalibrated.reduction_findings)
    return SignalWork(entry, reduced.findings, found)
