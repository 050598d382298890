"""Numbers at fixed distances: little more is read than is wanted, and never more at once than a run."""

import numpy as np
import numpy.typing as npt
import pytest
from numpy.random import default_rng

from ingest.readers.framed_bytes import RUN_BYTES
from ingest.readers.strided_bytes import NEAR_BYTES, StridedBytes

SHAPE = (6, 200, 150, 100)


class Counted:
    """Bytes that remember how many of them were read, and how many at once."""

    def __init__(self, raw: bytes) -> None:
        self.raw = np.frombuffer(raw, np.uint8)
        self.lengths: list[int] = []

    def __call__(self, start: int, length: int) -> npt.NDArray[np.uint8]:
        self.lengths.append(length)
        return self.raw[start : start + length].copy()


@pytest.mark.parametrize("is_fortran", [False, True])
def test_little_more_is_read_than_is_wanted(is_fortran: bool) -> None:
    values = default_rng(1).integers(0, 255, SHAPE, dtype=np.uint8)
    source = Counted(values.tobytes("F" if is_fortran else "C"))
    numbers = StridedBytes.of_whole(source, SHAPE, np.dtype(np.uint8), offset=0, fortran=is_fortran)
    for box in (
        (slice(1, 3), slice(5, 9), slice(0, 150), slice(0, 100)),
        (slice(0, 6), slice(7, 8), slice(140, 150), slice(3, 60)),
        (slice(0, 6), slice(0, 200), slice(0, 150), slice(0, 100)),
    ):
        source.lengths.clear()
        wanted = values[box]
        out = np.empty(wanted.shape, np.uint8)
        numbers.read_into(box, out)
        np.testing.assert_array_equal(out, wanted)
        assert max(source.lengths) <= RUN_BYTES
        # One access costs as much as what lies near: the sum of both is what a box may cost.
        lines = wanted.size // wanted.shape[0 if is_fortran else 3]
        assert sum(source.lengths) + NEAR_BYTES * len(source.lengths) <= wanted.size + NEAR_BYTES * (
            lines + 1
        )
