"""Opening a measurement with the reader of its format."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.formats.declaration import Format, FormatDeclarationError
from ingest.formats.registry import find_format
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.implausible_scales import drop_implausible
from ingest.readers.refusals import decline, refuse
from repository.schema.findings import Finding

if TYPE_CHECKING:
    from ingest.readers.parts import Open

_NAME = re.compile(r"[a-z0-9_]{1,64}")


def open_measurement(format: str, files: Mapping[str, Path], hints: ReadHints | None = None) -> OpenedFile:  # noqa: A002 - the word of the contract
    """Open the files of one measurement lazily.

    Parameters
    ----------
    format
        A format id for which `FormatMatch.readable` is true.
    files
        Relative upload path to local path, the primary file first, companions after it.
    hints
        What the depositor said, such as the scan shape.

    Raises
    ------
    ReadRefusedError
        With a finding that says what is wrong and what to do, for every known kind of bad input.
    """
    form = find_format(format)
    if form is None:
        raise decline("format_not_read", f"Files of the format {format} are stored, not read.")
    for path in files.values():
        if path.stat().st_size == 0:
            raise refuse("file_empty", f"{path.name} has no bytes.", "Upload it again from the original.")
    try:
        open_files: Open = form.load("open")
    except FormatDeclarationError as error:
        raise _describe_faulty_reader(str(error)) from error
    opened = open_files(files, hints or ReadHints())
    given = _find_broken_promise(opened, form)
    if given:
        if isinstance(opened, OpenedFile):
            opened.close()
        raise _describe_faulty_reader(
            f"`open` of the format in {form.folder} gave {given} where an opened {form.id} was promised."
        )
    return drop_implausible(opened, name=base_of(next(iter(files))))


def _find_broken_promise(opened: object, form: Format) -> str:
    """Return what a reader gave instead of what it promised; empty where it kept its word."""
    if not isinstance(opened, OpenedFile):
        return "something else"
    if opened.format != form.id:
        return f"the format {opened.format}"
    given: Any = opened  # what is in it has not been looked at
    signals, findings = given.signals, given.findings
    if not isinstance(signals, tuple) or not all(isinstance(one, SignalSource) for one in signals):
        return "arrays of another kind"
    names = [one.name for one in signals]
    if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        return f"arrays with the names {', '.join(names)[:200]}"
    if not isinstance(given.header, dict):
        return "no header"
    is_told = isinstance(findings, tuple) and all(isinstance(one, Finding) for one in findings)
    return "" if is_told else "findings of another kind"


def _describe_faulty_reader(sentence: str) -> ReadRefusedError:
    return decline("format_part_failed", sentence, "The operator can mend or remove that folder.")
