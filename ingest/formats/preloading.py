"""Importing every reader ahead, in the process that will fork or confine itself: afterwards it costs each run."""

import logging
from importlib import import_module

from ingest.formats.declaration import STANDS_ALONE, FormatDeclarationError, Part
from ingest.formats.registry import list_formats

_logger = logging.getLogger(__name__)
_READING: tuple[Part, ...] = ("recognize", "companions", "open")


def preload_readers() -> None:
    """Import what recognizes, groups and opens; a folder that cannot be imported says so when it is used."""
    for form in list_formats():
        for part in _READING:
            if getattr(form, part) == STANDS_ALONE:
                continue
            try:
                form.load(part)
            except FormatDeclarationError as error:
                _logger.error("%s", error)  # noqa: TRY400 - the sentence says it
        if form.plugin:
            _preload_plugin(form.plugin)


def _preload_plugin(plugin: str) -> None:
    try:
        import_module(f"rsciio.{plugin}")
    except Exception as error:  # noqa: BLE001 - a library that is not in order costs its own format only
        _logger.error("RosettaSciIO cannot load %s here: %s", plugin, error)  # noqa: TRY400 - the sentence says it
