"""What a job on a measurement reads: its files, and how large their arrays become."""

import math
import re

from repository.models import Measurement


def list_digests(measurement: Measurement) -> dict[str, str]:
    """Return path and digest of a measurement's files, the primary one first."""
    parts = measurement.parts.select_related("data_file").order_by("position")
    return {part.data_file.path: part.data_file.sha256 for part in parts}


def count_bytes(measurement: Measurement) -> int:
    """Return the size of all arrays of a measurement, as they will be converted."""
    return sum(math.prod(signal.shape) * _size_of(signal.dtype) for signal in measurement.signals.all())


def _size_of(dtype: str) -> int:
    """Return the bytes of one value, such as 2 for `uint16`; numpy stays out of the processes that only enqueue."""
    bits = re.search(r"\d+$", dtype)
    return int(bits[0]) // 8 if bits else 1
