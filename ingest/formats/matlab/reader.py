"""MATLAB's variables: every larger array of numbers is a signal of one measurement.

Header document: ``{"matlab": {"file", "arrays": {name: {"shape", "dtype"}}, "values": {name: …}, "others": […]}}``: the
text at the begin of the file, the arrays, the numbers, short lists and texts beside them, and what is not read.

Signals: `data` is the array with the most axes, among these the largest, or the one that a person named under
`array.dataset`; the others by their names. Shapes are those that MATLAB shows, a row or column is one axis. Structs are
looked into in version 7.3 only.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from ingest.formats.matlab.recognition import VERSION_7_3
from ingest.formats.matlab.version_5 import read_variables
from ingest.formats.matlab.version_7_3 import read_hdf5_variables
from ingest.readers.bare_arrays import MOST_SIGNALS, build_signals, find_main
from ingest.readers.contract import OpenedFile, ReadHints
from ingest.readers.header_json import to_json
from ingest.readers.refusals import decline, tell, tell_surplus

VERSION = "1"
_TEXT_BYTES = 116


def open_matlab(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open a mat file."""
    path = next(iter(files.values()))
    with path.open("rb") as handle:
        text = handle.read(_TEXT_BYTES)
    with ExitStack() as resources:
        is_hdf5 = text.startswith(VERSION_7_3)
        found, findings = (
            read_hdf5_variables(path, resources) if is_hdf5 else (read_variables(path, resources), [])
        )
        arrays = found.arrays
        left = f" Not read: {found.name_others()}." if found.others else ""
        if not arrays:
            raise decline("no_array_found", f"{path.name} holds no array of numbers.{left}")
        if len(arrays) > MOST_SIGNALS:
            raise decline(
                "too_many_arrays",
                f"{path.name} holds {len(arrays)} arrays; at most {MOST_SIGNALS} become one measurement.",
                "Save what belongs together, each in its own file.",
            )
        main, asked = find_main(arrays, name=path.name, hints=hints)
        signals, questions = build_signals(arrays, name=path.name, hints=hints, main=main)
        kept = resources.pop_all()
    if found.surplus:
        findings.append(tell_surplus(path, found.surplus, after="its last variable"))
    if left:
        asked.append(
            tell(
                "array_not_read", f"{path.name} holds more than numbers.{left}", "They are kept in the file."
            )
        )
    described = {
        one.title: {"shape": list(one.numbers.shape), "dtype": one.numbers.dtype.name} for one in arrays
    }
    header = {
        "file": text.decode("latin-1").strip(" \0"),
        "arrays": described,
        "values": found.values,
        "others": found.others,
    }
    told = (*findings, *asked, *questions)
    return OpenedFile("matlab", VERSION, tuple(signals), {"matlab": to_json(header)}, told, kept)
