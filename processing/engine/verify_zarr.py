"""Reads a written array back with tensorstore and adds it up again.

The writer is our own; the reader here is not. Agreement of sum, extremes and NaN count with those taken
while reading the source says that the stored array holds the source's values. The comparison repeats the
source's blocks in the same order, so float sums must agree to the last bit.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from processing.engine.value_summary import ValueSummary, ValueSummaryBuilder

Region = tuple[slice, ...]
READ_CONCURRENCY = 2


class ArrayDiffersError(RuntimeError):
    """The stored array does not hold what was read from the source."""


def open_array(folder: Path) -> Any:
    """Open a local Zarr v3 array with tensorstore, read only."""
    context = tensorstore.Context({"data_copy_concurrency": {"limit": READ_CONCURRENCY}})
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder.resolve()}/"}}
    return tensorstore.open(spec, open=True, read=True, context=context).result()


def summarize_array(folder: Path, dtype: np.dtype[Any], blocks: Iterable[Region]) -> ValueSummary:
    """Read every block of a stored array and add it up."""
    array = open_array(folder)
    builder = ValueSummaryBuilder(dtype)
    for region in blocks:
        builder.add(array[region].read().result() if region else array.read().result())
    return builder.build()


def verify_array(
    folder: Path, dtype: np.dtype[Any], blocks: Iterable[Region], expected: ValueSummary
) -> None:
    """Compare a stored array with what was read from its source.

    Raises
    ------
    ArrayDiffersError
        If sum, extremes, NaN count or number of values differ.
    """
    found = summarize_array(folder, dtype, blocks)
    if found.as_dict() != expected.as_dict():
        raise ArrayDiffersError(f"The source gives {expected.as_dict()}, the stored array {found.as_dict()}.")
