"""Confined: recipes over a converted measurement, after its optics changed or because somebody asks for one.

Order
    ``signals``: names of the arrays, whose objects lie below ``<signal>/zarr/``; ``optics``; ``recipes``.
Output folder
    ``<signal>/reductions/*.npy`` and ``<signal>/previews/*.png``.
Result
    The manifest; signals have neither arrays nor values.
"""

from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.readers.contract import OpenedFile, SignalSource
from processing.declarations.book import get_book
from processing.engine.program_outline import Program, Progress, read_order, read_recipes, work_through
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
    """Run recipes over every named signal; returns the manifest."""
    order = read_order(request)
    options = ConversionOptions(
        optics=order.optics, recipes=read_recipes(order), threads=order.limits.threads
    )
    signals = tuple(open_converted(folder / name / "zarr", name) for name in order.signals)

    def work(signal: SignalSource, progress: Progress) -> SignalWork:
        return reduce_signal(signal, output / signal.name, options=options, progress=progress)

    with OpenedFile(format="", reader_version="", signals=signals, header={}) as opened:
        return work_through(Program(RECIPE, RECIPE_VERSION), opened, work, send)
