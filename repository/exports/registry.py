"""Every export there is, found by looking through the files beside this one; all tables of exports are made from here.

A file that does not declare its export is set aside with a sentence, and all others work.
"""

import logging
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from repository import exports
from repository.exports.declaration import (
    BrokenExportError,
    DatasetExport,
    Export,
    MeasurementExport,
    ProductExport,
    StreamedExport,
)

ROOM = frozenset({"declaration", "registry", "subjects"})
"""Files of the folder that all exports share; every other one is an export."""
PAGE_TYPES = ("text/html", "application/xhtml+xml")
"""What a dataset's address is by itself: its page."""

MeasuredExport = MeasurementExport | StreamedExport | ProductExport

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registry:
    """The exports by rank, and why which files were set aside."""

    exports: tuple[Export, ...]
    set_aside: tuple[str, ...] = ()


def scan_exports(package: ModuleType) -> Registry:
    """Import every file of `package` that is an export.

    Where two files declare the same ending or media type, the first by name has it.
    """
    found: list[Export] = []
    set_aside: list[str] = []
    for name in sorted({module.name for module in pkgutil.iter_modules(package.__path__)} - ROOM):
        try:
            export = read_export(f"{package.__name__}.{name}")
            require_new_names(export, found)
        except BrokenExportError as error:
            set_aside.append(str(error))
        else:
            found.append(export)
    return Registry(tuple(sorted(found, key=lambda one: (one.rank, one.ending))), tuple(set_aside))


def read_export(module: str) -> Export:
    """Return what a file declares as `EXPORT`.

    Raises
    ------
    BrokenExportError
        With a sentence that names the file.
    """
    file = f"{module.replace('.', '/')}.py"
    try:
        export = import_module(module).EXPORT
    except BrokenExportError:
        raise
    except Exception as error:  # whatever is wrong with one file, the others are read
        raise BrokenExportError(
            f"The export in {file} cannot be read: {type(error).__name__}: {error}."
        ) from error
    if not isinstance(export, DatasetExport | MeasuredExport):
        raise BrokenExportError(f"The file {file} has no EXPORT of a dataset, of a measurement or of arrays.")
    if export.module != module:
        raise BrokenExportError(
            f"The export in {file} says that it stands in {export.file}: write module=__name__."
        )
    return export


def require_new_names(export: Export, known: Iterable[Export]) -> None:
    """Refuse an ending or a media type that another file has already declared for the same kind of thing."""
    names = set(_list_negotiated(export))
    for page in PAGE_TYPES:
        if page in names:
            raise BrokenExportError(
                f"The export in {export.file} has the media type {page}, which the page has."
            )
    for other in known:
        if other.about != export.about:
            continue
        if other.ending == export.ending:
            raise BrokenExportError(
                f"The export in {export.file} has the ending “{export.ending}”, which {other.file} has already."
            )
        for taken in sorted(names & set(_list_negotiated(other))):
            raise BrokenExportError(
                f"The export in {export.file} has the media type {taken}, which {other.file} has already."
                " Two of one type need a `profile` each, or one of them none."
            )


def _list_negotiated(export: Export) -> Iterator[str]:
    """Yield the names by which a request chooses the export; measurements have one address for each, and no choice."""
    if export.about == "dataset":
        yield export.representation
        yield from export.aliases


@cache
def get_registry() -> Registry:
    """Return the exports of this installation; the same in every process."""
    registry = scan_exports(exports)
    for sentence in registry.set_aside:
        _logger.error("%s It is set aside; the other exports work.", sentence)
    return registry


def list_exports() -> tuple[Export, ...]:
    """Return all exports."""
    return get_registry().exports


def list_dataset_exports() -> tuple[DatasetExport, ...]:
    """Return the exports of a version's description."""
    return tuple(export for export in list_exports() if isinstance(export, DatasetExport))


def list_measurement_exports() -> tuple[MeasuredExport, ...]:
    """Return the exports of one measurement, with and without its arrays."""
    return tuple(export for export in list_exports() if isinstance(export, MeasuredExport))


def find_dataset_export(ending: str) -> DatasetExport | None:
    """Return an export of datasets by its ending."""
    return next((export for export in list_dataset_exports() if export.ending == ending), None)


def find_measurement_export(ending: str) -> MeasuredExport | None:
    """Return an export of measurements by its ending."""
    return next((export for export in list_measurement_exports() if export.ending == ending), None)
