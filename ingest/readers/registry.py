"""The allow-list of readers: which function opens which format."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.readers.blockfile import open_blockfile
from ingest.readers.contract import OpenedFile, ReadHints
from ingest.readers.dm.reader import open_dm
from ingest.readers.emd.reader import open_ncem_emd, open_py4dstem_emd
from ingest.readers.empad.reader import open_empad
from ingest.readers.hspy import open_hspy
from ingest.readers.mib.reader import open_mib
from ingest.readers.refusals import refuse

Opener = Callable[[Mapping[str, Path], ReadHints], OpenedFile]

OPENERS: dict[str, Opener] = {
    "dm3": open_dm,
    "dm4": open_dm,
    "empad": open_empad,
    "mib": open_mib,
    "hspy": open_hspy,
    "ncem_emd": open_ncem_emd,
    "py4dstem_emd": open_py4dstem_emd,
    "blockfile": open_blockfile,
}


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
    if format not in OPENERS:
        raise refuse("format_not_read", f"Files of the format {format} are stored, not read.")
    for path in files.values():
        if path.stat().st_size == 0:
            raise refuse("file_empty", f"{path.name} has no bytes.", "Upload it again from the original.")
    return OPENERS[format](files, hints or ReadHints())
