"""What the confined programs that make products share: an order in, one signal after the other, a manifest out.

Order and manifest are those of `processing.declarations.manifest`; the folder of a signal is named as the signal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confined.sandbox.protocol import Send
from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from processing.declarations.book import choose_recipes
from processing.declarations.manifest import FindingEntry, Manifest, ManifestError, Order
from processing.declarations.recipe import ChosenRecipe, RecipeRefusedError
from processing.engine.signal_entries import SignalWork
from repository.schema.findings import Finding

Progress = Callable[[float, str], None]
Work = Callable[[SignalSource, Progress], SignalWork]


@dataclass(frozen=True, slots=True)
class Program:
    """Name of a program and version of what it writes, as products keep them."""

    name: str
    version: int


def read_order(request: Mapping[str, Any]) -> Order:
    """Return the typed order.

    Raises
    ------
    ReadRefusedError
        It was written by another version of Stemma, or is not as it must be.
    """
    try:
        return Order.read(request, "order")
    except ManifestError as error:
        raise _refuse("order_not_understood", str(error)) from error


def read_recipes(order: Order) -> tuple[ChosenRecipe, ...] | None:
    """Return what the order asks for; None where it leaves that to the recipes.

    Raises
    ------
    ReadRefusedError
        There is no such recipe in that version, or a parameter is out of its range.
    """
    try:
        return choose_recipes(order.recipes)
    except RecipeRefusedError as error:
        raise _refuse("recipe_refused", str(error)) from error


def _refuse(code: str, sentence: str) -> ReadRefusedError:
    hint = "The files are kept. All parts of the server must be of one version; if they are, write to the operator."
    return ReadRefusedError(Finding("error", code, sentence, hint=hint, layer="reading"))


def open_files(order: Order, folder: Path) -> OpenedFile:
    """Open the uploaded files of an order.

    Raises
    ------
    ReadRefusedError
        With the finding that says why the files are not read.
    """
    files = {path: folder / path for path in order.files}
    return open_measurement(order.format, files, ReadHints.from_dict(order.hints))


def work_through(
    program: Program,
    opened: OpenedFile,
    work: Work,
    send: Send,
    *,
    weigh: Callable[[SignalSource], int] = lambda signal: signal.nbytes,
) -> dict[str, Any]:
    """Do the work on every signal and return the manifest.

    Parameters
    ----------
    work
        Called with a signal and what reports its own progress.
    weigh
        Which share of the whole a signal is.
    """
    total = sum(map(weigh, opened.signals)) or 1
    done: list[SignalWork] = []
    before = 0
    for signal in opened.signals:
        size = weigh(signal)

        def progress(fraction: float, message: str, start: int = before, size: int = size) -> None:
            send({"type": "progress", "fraction": (start + fraction * size) / total, "message": message})

        done.append(work(signal, progress))
        before += size
    read = [*opened.findings, *(found for each in done for found in each.findings)]
    manifest = Manifest(
        program=program.name,
        version=program.version,
        reader={"name": opened.format, "version": opened.reader_version} if opened.format else {},
        signals=tuple(each.entry for each in done if each.entry is not None),
        findings=tuple(_enter(found) for found in read),
        reduction_findings=tuple(_enter(found) for each in done for found in each.reduction_findings),
    )
    return manifest.as_dict()


def _enter(found: Finding) -> FindingEntry:
    return FindingEntry(**found.as_dict())
