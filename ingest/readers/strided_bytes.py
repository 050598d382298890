"""Numbers at fixed distances in a run of bytes, in any order of their axes, read a bounded piece at a time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.framed_bytes import RUN_BYTES

ReadBytes = Callable[[int, int], npt.NDArray[np.uint8]]
"""Returns so many bytes from a byte on: (start, length)."""

NEAR_BYTES = 32 * 1024  # what lies so near is read along: another access costs more
_BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class StridedBytes:
    """An array of `shape`, whose element at an index lies at `offset` plus index times `strides`, in bytes.

    `stored` is the type in the file, any byte order. Strides are positive and grow with the size of what is within,
    as those of a whole array in C or Fortran order do, with or without a gap between frames.
    """

    read_bytes: ReadBytes
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    stored: np.dtype[Any]
    offset: int = 0

    @classmethod
    def of_whole(
        cls, read: ReadBytes, shape: tuple[int, ...], stored: np.dtype[Any], *, offset: int, fortran: bool
    ) -> Self:
        """Return an array that fills a run of bytes, in C order, or in Fortran order with the first axis fastest."""
        return cls(read, shape, list_strides(shape, stored.itemsize, fortran=fortran), stored, offset)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type of the values; truth values are 0 and 1."""
        return np.dtype(np.uint8) if self.stored.kind == "b" else self.stored.newbyteorder("=")

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What lies together: whole axes from the fastest one on, as far as they are small; else one position."""
        block = [1] * len(self.shape)
        taken = self.stored.itemsize
        for number, axis in enumerate(reversed(self._by_stride())):
            taken *= self.shape[axis]
            if number and taken > _BLOCK_BYTES:
                break
            block[axis] = self.shape[axis]
        return tuple(block)

    def lie_together(self, axes: Sequence[int]) -> bool:
        """Whether these are the axes that change fastest, so that what they span is one run of bytes."""
        return set(self._by_stride()[len(self.shape) - len(axes) :]) == set(axes)

    def fold_first(self, rows: int, columns: int) -> Self:
        """Return the array with its first axis as two: rows of columns."""
        step = self.strides[0]
        return replace(
            self,
            shape=(rows, columns, *self.shape[1:]),
            strides=(columns * step, step, *self.strides[1:]),
        )

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into `out`, which has its shape and may be any view.

        Memory beside `out` is at most `RUN_BYTES`.
        """
        order = self._by_stride()
        sizes = [box[axis].stop - box[axis].start for axis in order]
        strides = [self.strides[axis] for axis in order]
        start = self.offset + sum(box[axis].start * self.strides[axis] for axis in order)
        target = out.transpose(order)
        depth = self._find_depth(order, sizes)
        at_once = max(1, RUN_BYTES // strides[depth])
        for index in np.ndindex(*sizes[:depth]):
            first = start + sum(number * stride for number, stride in zip(index, strides, strict=False))
            for at in range(0, sizes[depth], at_once):
                count = min(at_once, sizes[depth] - at)
                self._read_piece(
                    first + at * strides[depth],
                    (count, *sizes[depth + 1 :]),
                    strides[depth:],
                    target[index][at : at + count],
                )

    def _read_piece(
        self, start: int, sizes: tuple[int, ...], strides: Sequence[int], out: npt.NDArray[Any]
    ) -> None:
        span = sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        raw = self.read_bytes(start, span + self.stored.itemsize)
        values: npt.NDArray[Any] = np.ndarray(sizes, self.stored, raw.data, 0, tuple(strides))
        out[...] = values

    def _by_stride(self) -> list[int]:
        """Return the axes, the one that changes slowest first; axes of one position do not matter."""
        return sorted(range(len(self.shape)), key=lambda axis: (-self.strides[axis], axis))

    def _find_depth(self, order: Sequence[int], sizes: Sequence[int]) -> int:
        """Return the axis, counted from the slowest, from which on the box is read in one run of bytes.

        Across an axis the run goes on where everything within is wanted, or what is read in vain is little.
        """
        depth = len(order) - 1
        is_whole = True
        while depth > 0:
            is_whole = is_whole and sizes[depth] == self.shape[order[depth]]
            stride = self.strides[order[depth - 1]]
            if stride > RUN_BYTES or not (is_whole or stride <= NEAR_BYTES):
                break
            depth -= 1
        return depth


def list_strides(shape: tuple[int, ...], itemsize: int, *, fortran: bool = False) -> tuple[int, ...]:
    """Return the strides in bytes of an array without gaps."""
    if fortran:
        return tuple(itemsize * math.prod(shape[:axis]) for axis in range(len(shape)))
    return tuple(itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
