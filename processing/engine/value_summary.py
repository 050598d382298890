"""Sum, extremes and NaN count of an array, gathered chunk by chunk."""

import math
from dataclasses import dataclass, field
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
        """Return the JSON form; sums that JSON cannot hold are given as text, and NaN alone has no sum."""
        return {
            "sum_of_counts": None if self.minimum is None else _finite(self.total),
            "minimum": _finite(self.minimum),
            "maximum": _finite(self.maximum),
            "n_nan": self.n_nan,
            "n_values": self.n_values,
        }


def _finite(value: float | None) -> int | float | str | None:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def summarize_values(values: npt.NDArray[Any]) -> ValueSummary:
    """Summarize one chunk of any real, boolean or complex type."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    flat = view_for_kernels(flat)
    if flat.dtype.kind == "f":
        return _summarize_floats(flat, values.size)
    zero = np.uint64(0) if flat.dtype.kind == "u" else np.int64(0)
    total, minimum, maximum = kernels.summarize_values(flat, zero)
    if flat.dtype.itemsize == 8 and max(abs(int(minimum)), abs(int(maximum))) * flat.size >= 2**63:  # noqa: PLR2004 - 64-bit values alone can overflow a 64-bit sum
        total = flat.sum(dtype=object)
    return ValueSummary(int(total), int(minimum), int(maximum), 0, values.size)


def _summarize_floats(flat: npt.NDArray[Any], n_values: int) -> ValueSummary:
    total, minimum, maximum = kernels.summarize_values(flat, np.float64(0.0))
    if not np.isnan(total):
        return ValueSummary(float(total), float(minimum), float(maximum), 0, n_values)
    present = flat[~np.isnan(flat)]
    n_nan = flat.size - present.size
    if not present.size:
        return ValueSummary(0.0, None, None, n_nan, n_values)
    total, minimum, maximum = kernels.summarize_values(view_for_kernels(present), np.float64(0.0))
    return ValueSummary(float(total), float(minimum), float(maximum), n_nan, n_values)


@dataclass(slots=True)
class SummaryOfParts:
    """Merges summaries of parts; the order of the parts does not matter, for floats neither."""

    totals: list[int | float] = field(default_factory=list)
    minimum: float | int | None = None
    maximum: float | int | None = None
    n_nan: int = 0
    n_values: int = 0

    def add(self, part: ValueSummary) -> None:
        """Merge one part."""
        self.totals.append(part.total)
        self.n_nan += part.n_nan
        self.n_values += part.n_values
        if part.minimum is not None and (self.minimum is None or part.minimum < self.minimum):
            self.minimum = part.minimum
        if part.maximum is not None and (self.maximum is None or part.maximum > self.maximum):
            self.maximum = part.maximum

    def build(self) -> ValueSummary:
        """Return the summary of all parts; float sums are exactly rounded over the parts."""
        total: int | float
        if all(isinstance(part, int) for part in self.totals):
            total = sum(self.totals)
        elif all(math.isfinite(part) for part in self.totals):
            total = math.fsum(self.totals)
        else:
            total = sum(self.totals)
        return ValueSummary(total, self.minimum, self.maximum, self.n_nan, self.n_values)
