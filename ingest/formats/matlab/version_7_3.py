"""MAT-files of version 7.3: HDF5 whose datasets carry the class of the variable, with axes the other way round."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ingest.formats.matlab.variables import Variables, drop_row
from ingest.readers.axis_answers import MOST_AXES
from ingest.readers.dataset_numbers import PAIR, DatasetNumbers
from ingest.readers.hdf5.access import check_filters, check_size, open_hdf5, refuse_damage, walk
from ingest.readers.hdf5.attributes import find_text
from ingest.readers.hdf5.source import NUMERIC_KINDS
from repository.schema.findings import Finding

_INTERNAL = ("/#refs#", "/#subsystem#")
_MOST_TEXT = 10_000


def read_hdf5_variables(path: Path, resources: ExitStack) -> tuple[Variables, list[Finding]]:
    """Return the variables of a file, also those within structs, by their paths.

    Raises
    ------
    ReadRefusedError
        What `open_hdf5` and `check_size` find.
    """
    file, findings = open_hdf5(path, resources)
    found = Variables()
    with refuse_damage(path):
        for where, item in walk(file, name=path.name):
            if where.startswith(_INTERNAL):
                continue
            if isinstance(item, h5py.Group):
                if "MATLAB_sparse" in item.attrs:
                    found.others.append(f"{where.lstrip('/')} (sparse matrix)")
            elif isinstance(item, h5py.Dataset) and "MATLAB_sparse" not in item.parent.attrs:
                _add_dataset(found, where.lstrip("/"), item, path)
    return found, findings


def _add_dataset(found: Variables, name: str, item: h5py.Dataset, path: Path) -> None:
    kind = find_text(item, "MATLAB_class") or "dataset"
    if "MATLAB_empty" in item.attrs or not item.shape or item.size == 0:
        found.values[name] = []
        return
    if kind == "char":
        found.values[name] = _read_text(item)
        return
    is_pair = item.dtype.names == PAIR and all(item.dtype[part].kind == "f" for part in PAIR)
    if not is_pair and (item.dtype.kind not in NUMERIC_KINDS or item.dtype.itemsize > 16):  # noqa: PLR2004 - complex128
        found.others.append(f"{name} ({kind})")
        return
    if len(item.shape) > MOST_AXES:
        found.others.append(f"{name} ({len(item.shape)} axes)")
        return
    check_size(item, where=name, name=path.name)
    check_filters(item, where=name, name=path.name)
    is_line = drop_row(item.shape) != item.shape
    found.add(name, DatasetNumbers(item, path, is_reversed=True, is_line=is_line))


def _read_text(item: h5py.Dataset) -> Any:
    if item.size > _MOST_TEXT or item.dtype.kind != "u":
        return {"dropped": "text", "shape": list(item.shape)}
    codes = np.asarray(item[()], "<u2")
    return codes.tobytes().decode("utf-16-le", "replace")
