"""Sandboxed: convert one measurement to Zarr, with detector-major copy and reductions, in one pass.

Order
    ``format``, ``files``, ``hints``, ``optics``, ``axes``, ``kinds``; ``recipes`` where it is not what comes with every
    conversion.
Output folder
    ``<signal>/zarr/…``, ``<signal>/companion/…`` (4D scans), ``<signal>/reductions/*.npy`` with ``reductions.json``,
    ``<signal>/previews/*.png``.
Result
    The manifest, with every object's path, size and sha256.
"""

from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.formats.preloading import preload_readers
from ingest.readers.contract import SignalSource
from processing.declarations.book import get_book
from processing.engine.one_pass import convert_signal
from processing.engine.plan_arrays import EmptyArrayError
from processing.engine.program_outline import (
    Program,
    Progress,
    open_files,
    read_order,
    read_recipes,
    work_through,
)
from processing.engine.signal_entries import SignalWork
from processing.engine.signal_work import ConversionOptions
from processing.engine.zarr_metadata import UnsupportedDtypeError
from processing.reductions.warm_up import compile_in_memory_only, compile_kernels
from repository.schema.findings import Finding

RECIPE = "convert"
RECIPE_VERSION = 2  # 2: inner chunks carry their crc32c

preload_readers()
compile_kernels()  # before the sandbox closes: afterwards nothing can be loaded from the cache on disk
compile_in_memory_only()
get_book().load_functions()


def main(request: dict[str, Any], folder: Path, output: Path, send: Send) -> dict[str, Any]:
    """Convert every signal of a measurement; returns the manifest.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    order = read_order(request)
    options = ConversionOptions(
        optics=order.optics,
        axes=order.axes,
        kinds=order.kinds,
        recipes=read_recipes(order),
        threads=order.limits.threads,
    )
    send({"type": "progress", "fraction": 0.0, "message": f"opening {order.files[0]}"})
    with open_files(order, folder) as opened:

        def work(signal: SignalSource, progress: Progress) -> SignalWork:
            return _convert(signal, output / signal.name, options, progress)

        return work_through(Program(RECIPE, RECIPE_VERSION), opened, work, send)


def _convert(
    signal: SignalSource, folder: Path, options: ConversionOptions, progress: Progress
) -> SignalWork:
    """Convert one signal; a signal that cannot be an array is a finding, and the others go on."""
    try:
        return convert_signal(signal, folder, options=options, progress=progress)
    except (EmptyArrayError, UnsupportedDtypeError) as error:
        finding = Finding(
            "warning",
            "signal_not_converted",
            f"Signal {signal.name}: {error}",
            hint="Readers can download the original file; there is no array to look at here. Acknowledge it to "
            "publish so.",
            layer="reading",
        )
        return SignalWork(None, findings=(finding,))
