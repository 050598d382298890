"""A first axis of frames that is given out as rows of columns, though the file knows of one axis."""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from ingest.readers.contract import Region

Take = Callable[[Region, npt.NDArray[Any]], None]


def fold_block(block: tuple[int, ...], folded: tuple[int, int] | None) -> tuple[int, ...]:
    """Return what lies together in the file, over the axes as they are given out."""
    return block if folded is None else (1, min(block[0], folded[1]), *block[1:])


def read_folded(box: Region, folded: tuple[int, int] | None, take: Take, out: npt.NDArray[Any]) -> None:
    """Write the values of a box over all axes into an array of its shape, row by row where the first axis is folded."""
    if folded is None:
        take(box, out)
        return
    rows, columns, *rest = box
    for number, row in enumerate(range(rows.start, rows.stop)):
        first = row * folded[1]
        take((slice(first + columns.start, first + columns.stop), *rest), out[number])
