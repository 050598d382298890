"""Every format there is, found by looking through the folders beside this file; tables of formats are made from here.

A folder that does not declare its format is set aside with a sentence, and all others work.
"""

import logging
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType, ModuleType

from ingest import formats
from ingest.formats.declaration import Format, FormatDeclarationError

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registry:
    """The formats by id, in the order of their folders, and why which folders were set aside."""

    formats: Mapping[str, Format]
    set_aside: tuple[str, ...] = ()


def scan_formats(package: ModuleType) -> Registry:
    """Import the declarations of all folders of `package`.

    Where two folders declare the same id, the first by name has it.
    """
    found: dict[str, Format] = {}
    set_aside: list[str] = []
    folders = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)
    for folder in folders:
        try:
            declared = read_declaration(f"{package.__name__}.{folder}")
            require_new_ids(declared, found)
        except FormatDeclarationError as error:
            set_aside.append(str(error))
            continue
        found.update((form.id, form) for form in declared)
    return Registry(MappingProxyType(found), tuple(set_aside))


def read_declaration(package: str) -> tuple[Format, ...]:
    """Return the formats that a folder declares as `FORMATS` in its `declaration.py`.

    Raises
    ------
    FormatDeclarationError
        With a sentence that names the folder.
    """
    folder = package.replace(".", "/")
    try:
        declared = import_module(f"{package}.declaration").FORMATS
    except FormatDeclarationError:
        raise
    except Exception as error:
        raise FormatDeclarationError(
            f"The declaration of the format in {folder} cannot be read: {type(error).__name__}: {error}."
        ) from error
    if (
        not isinstance(declared, tuple)
        or not declared
        or not all(isinstance(form, Format) for form in declared)
    ):
        raise FormatDeclarationError(f"The declaration in {folder} has no FORMATS, a tuple of Format.")
    return declared


def require_new_ids(declared: tuple[Format, ...], known: Mapping[str, Format]) -> None:
    """Refuse an id that another folder, or the same one, has already declared."""
    seen = dict(known)
    for form in declared:
        if form.id in seen:
            raise FormatDeclarationError(
                f"The format in {form.folder} has the id “{form.id}”, which {seen[form.id].folder} has already."
            )
        seen[form.id] = form


@cache
def get_registry() -> Registry:
    """Return the formats of this installation; the same in every process."""
    registry = scan_formats(formats)
    for sentence in registry.set_aside:
        _logger.error("%s It is set aside; the other formats work.", sentence)
    return registry


def list_formats() -> tuple[Format, ...]:
    """Return all formats that are read."""
    return tuple(get_registry().formats.values())


def find_format(identifier: str) -> Format | None:
    """Return a format by its id, or None where no folder declares it."""
    return get_registry().formats.get(identifier)


def title_of(identifier: str) -> str:
    """Return what people call a format; its id where it is none that is read."""
    form = find_format(identifier)
    return identifier if form is None else form.title
