"""What both kinds of mat file give: variables that are numbers, short values and texts, and the names of all others."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.bare_arrays import SHORT, BareArray, Numbers
from ingest.readers.contract import Region

_MOST_NAMED = 10


@dataclass(slots=True)
class Variables:
    """The variables of a file.

    Attributes
    ----------
    arrays
        Numbers that are data; `values` are numbers, short lists and texts beside them.
    others
        Names of the rest with what they are, such as a struct.
    surplus
        Bytes behind the last variable.
    """

    arrays: list[BareArray] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    surplus: int = 0

    def add(self, name: str, numbers: Numbers) -> None:
        """Add numbers: as data, or as a value where they are few and lie in a row."""
        shape = numbers.shape
        if math.prod(shape) <= SHORT and sum(size > 1 for size in shape) <= 1:
            values = np.empty(shape, numbers.dtype)
            numbers.read_into(tuple(slice(0, size) for size in shape), values)
            self.values[name] = values.reshape(-1)[0] if values.size == 1 else values
        else:
            self.arrays.append(BareArray(name, numbers))

    def name_others(self) -> str:
        """Return the names of the rest, for a sentence."""
        more = len(self.others) - _MOST_NAMED
        return ", ".join(self.others[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class ComplexPair:
    """Complex numbers whose parts lie apart, as version 5 stores them."""

    real: Numbers
    imaginary: Numbers

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self.real.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """complex64 where both parts fit into float32, else complex128."""
        return np.result_type(self.real.dtype, self.imaginary.dtype, np.complex64)

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What lies together of each part."""
        return self.real.stored_block

    def fold_first(self, rows: int, columns: int) -> "ComplexPair":
        """Return the same numbers with the first axis as rows of columns."""
        return ComplexPair(self.real.fold_first(rows, columns), self.imaginary.fold_first(rows, columns))

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into an array of its shape."""
        self.real.read_into(box, out.real)
        self.imaginary.read_into(box, out.imag)


def drop_row(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a row or column as one axis: MATLAB has no arrays of one."""
    return (math.prod(shape),) if len(shape) == 2 and 1 in shape else shape  # noqa: PLR2004
