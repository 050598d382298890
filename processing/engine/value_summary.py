"""Sum, extremes and NaN count of an array, block by block."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions import kernels
from processing.reductions.fused import view_for_kernels


@dataclass(frozen=True, slots=True)
class ValueSummary:
    """Sum, extremes and NaN count of an array.

    `total` is an exact integer for integer and boolean arrays; for floats the sum in float64 of all values
    that are not NaN; for complex arrays the sum over real and imaginary parts. Extremes are None where
    nothing but NaN is there.
    """

    total: int | float
    minimum: float | int | None
    maximum: float | int | None
    n_nan: int
    n_values: int

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form; sums that JSON cannot hold are given as text."""
        return {
            "sum_of_counts": _finite(self.total),
            "minimum": _finite(self.minimum),
            "maximum": _finite(self.maximum),
            "n_nan": self.n_nan,
            "n_values": self.n_values,
        }


def _finite(value: float | None) -> int | float | str | None:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


class ValueSummaryBuilder:
    """Adds blocks up; the order of blocks matters for the last bit of a float sum, and for nothing else."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._integer_total = 0
        self._float_totals: list[float] = []
        self._minimum: float | int | None = None
        self._maximum: float | int | None = None
        self._n_nan = 0
        self._n_values = 0

    def add(self, block: npt.NDArray[Any]) -> None:
        """Add one block."""
        flat = np.ascontiguousarray(block).reshape(-1)
        self._n_values += flat.size
        if flat.dtype.kind == "c":
            flat = flat.view(flat.real.dtype)
        flat = view_for_kernels(flat)
        if flat.dtype.kind == "f":
            self._add_floats(flat)
        else:
            self._add_integers(flat)

    def _add_integers(self, flat: npt.NDArray[Any]) -> None:
        zero = np.uint64(0) if flat.dtype.kind == "u" else np.int64(0)
        total, minimum, maximum = kernels.summarize_values(flat, zero)
        if max(abs(int(minimum)), abs(int(maximum))) * flat.size >= 2**63:
            total = sum(int(part.sum(dtype=object)) for part in np.array_split(flat, 64))
        self._integer_total += int(total)
        self._extend(int(minimum), int(maximum))

    def _add_floats(self, flat: npt.NDArray[Any]) -> None:
        total, minimum, maximum = kernels.summarize_values(flat, np.float64(0.0))
        if np.isnan(total):
            present = flat[~np.isnan(flat)]
            self._n_nan += flat.size - present.size
            if not present.size:
                return
            total, minimum, maximum = kernels.summarize_values(present, np.float64(0.0))
        self._float_totals.append(float(total))
        self._extend(float(minimum), float(maximum))

    def _extend(self, minimum: float, maximum: float) -> None:
        self._minimum = minimum if self._minimum is None else min(self._minimum, minimum)
        self._maximum = maximum if self._maximum is None else max(self._maximum, maximum)

    def build(self) -> ValueSummary:
        """Return the summary of all blocks added so far."""
        total: int | float = self._integer_total
        if self._dtype.kind in "fc":
            total = _sum_floats(self._float_totals)
        return ValueSummary(total, self._minimum, self._maximum, self._n_nan, self._n_values)


def _sum_floats(totals: list[float]) -> float:
    finite = [total for total in totals if math.isfinite(total)]
    return math.fsum(finite) if len(finite) == len(totals) else sum(totals)
