"""Opening a measurement with the reader of its format."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.registry import find_format
from ingest.readers.calibration import drop_implausible
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.refusals import decline, refuse

if TYPE_CHECKING:
    from ingest.readers.parts import Open


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
        raise refuse("format_not_read", f"Files of the format {format} are stored, not read.")
    for path in files.values():
        if path.stat().st_size == 0:
            raise refuse("file_empty", f"{path.name} has no bytes.", "Upload it again from the original.")
    try:
        open_files: Open = form.load("open")
    except FormatDeclarationError as error:
        raise _describe_faulty_reader(str(error)) from error
    opened = open_files(files, hints or ReadHints())
    if not isinstance(opened, OpenedFile) or opened.format != form.id:
        given = f"the format {opened.format}" if isinstance(opened, OpenedFile) else "something else"
        raise _describe_faulty_reader(
            f"`open` of the format in {form.folder} gave {given} where an opened {form.id} was promised."
        )
    return drop_implausible(opened, name=base_of(next(iter(files))))


def _describe_faulty_reader(sentence: str) -> ReadRefusedError:
    return decline("format_part_failed", sentence, "The operator can mend or remove that folder.")
