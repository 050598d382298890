"""HDF5 of any layout: its arrays are listed, the largest is shown, and a person says which one was measured.

Header document: ``{"hdf5": {…}}``, the tree with its attributes and short datasets; ``{"arrays": {path: {"shape",
"dtype"}}}``.

Signal: `data` alone, the array that `array.dataset` names; until then the one with the most axes, among these the
largest, and a question where others have as many. What lies beside it is told, and stays in the file.
"""

import math
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import h5py

from ingest.readers.bare_arrays import (
    SHORT,
    BareArray,
    ask_which,
    build_signals,
    check_numbers,
    find_largest,
    find_main,
)
from ingest.readers.contract import OpenedFile, ReadHints
from ingest.readers.dataset_numbers import DatasetNumbers
from ingest.readers.hdf5.access import open_hdf5, refuse_damage, walk
from ingest.readers.hdf5.source import NUMERIC_KINDS, check_dataset
from ingest.readers.hdf5.tree import read_tree
from ingest.readers.header_json import to_json
from ingest.readers.refusals import decline

VERSION = "1"


def open_hdf5_arrays(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an HDF5 file of any layout."""
    path = next(iter(files.values()))
    with ExitStack() as resources:
        file, findings = open_hdf5(path, resources)
        with refuse_damage(path):
            arrays = _find_arrays(file, path)
            number, asked = find_main(arrays, name=path.name, hints=hints)
            main = find_largest(arrays) if number is None else number
            chosen = arrays[main]
            dataset = file[chosen.title]
            check_numbers(dataset.dtype, dataset.shape, what=f"{chosen.title} in {path.name}")
            findings += check_dataset(dataset, where=chosen.title, name=path.name)
            asked += [] if number is not None or asked else ask_which(arrays, main, name=path.name)
            described = {
                one.title: {"shape": list(one.numbers.shape), "dtype": one.numbers.dtype.name}
                for one in arrays
            }
            tree = read_tree(file, leave_out=[f"/{one.title}" for one in arrays])
        signals, questions = build_signals([chosen], name=path.name, hints=hints)
        kept = resources.pop_all()
    header = {"hdf5": to_json(tree), "arrays": to_json(described)}
    return OpenedFile("hdf5_arrays", VERSION, tuple(signals), header, (*findings, *asked, *questions), kept)


def _find_arrays(file: h5py.File, path: Path) -> list[BareArray]:
    """Return the arrays of numbers; where none is longer than a list of values, the longest of these."""
    found = [
        BareArray(where.lstrip("/"), DatasetNumbers(item, path))
        for where, item in walk(file, name=path.name)
        if isinstance(item, h5py.Dataset)
        and item.shape
        and item.dtype.kind in NUMERIC_KINDS
        and math.prod(item.shape) > 1
    ]
    long = [one for one in found if len(one.numbers.shape) > 1 or math.prod(one.numbers.shape) > SHORT]
    if not found:
        raise decline("no_array_found", f"{path.name} holds no array of numbers.")
    return long or found
